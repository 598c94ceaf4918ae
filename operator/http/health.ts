/** `/healthz`: the process answers. `/readyz`: it does its work, else which part does not. */
import { excerpt, type LinkState } from '../../mqtt-bridge/index.ts'
import { type Page, plainText } from './server.ts'

export interface Readiness {
  /** Every watch has listed once. */
  readonly synced: boolean
  /** What keeps them from it. */
  readonly apiFault?: string | undefined
  /** Absent before the broker was first tried. */
  readonly link: LinkState | undefined
  /** Nodes were taken up and the reconcilers run. */
  readonly started: boolean
}

/** Alive as long as the event loop turns: a lost broker or API server is no reason to be restarted. */
export const healthPage: Page = () => plainText(200, 'ok\n')

export const readyPage =
  (readiness: () => Readiness): Page =>
  () => {
    const checks = checksOf(readiness())
    const isReady = checks.every(({ fault }) => fault === undefined)
    const lines = checks.map(lineOf)
    return plainText(isReady ? 200 : 503, `${[...lines, isReady ? 'ready' : 'not ready'].join('\n')}\n`)
  }

interface Check {
  readonly what: string
  readonly fault: string | undefined
  /** It works, and will not for ever. */
  readonly concern?: string | undefined
}

function lineOf({ what, fault, concern }: Check): string {
  if (fault !== undefined) return `[-] ${what}: ${fault}`
  return concern === undefined ? `[+] ${what} ok` : `[+] ${what} ok, but: ${concern}`
}

const unlisted = (why: string | undefined): string =>
  ['the watches have not listed yet', ...(why === undefined ? [] : [excerpt(why)])].join(': ')

function checksOf({ synced, apiFault, link, started }: Readiness): readonly Check[] {
  const tunnel = link?.connected ? undefined : (link?.why ?? 'not tried yet')
  return [
    { what: 'api', fault: synced ? undefined : unlisted(apiFault) },
    { what: 'tunnel', fault: tunnel, concern: link?.renewalFault && `cannot be renewed: ${link.renewalFault}` },
    { what: 'controllers', fault: started ? undefined : 'not started yet' },
  ]
}
