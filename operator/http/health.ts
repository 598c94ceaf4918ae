/** `/healthz`: the process answers. `/readyz`: it does its work, else which part does not. */
import type { LinkState } from '../../mqtt-bridge/index.ts'
import { type Page, plainText } from './server.ts'

export interface Readiness {
  /** Every watch has listed once. */
  readonly synced: boolean
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
    const lines = checks.map(({ what, fault }) => (fault === undefined ? `[+] ${what} ok` : `[-] ${what}: ${fault}`))
    return plainText(isReady ? 200 : 503, `${[...lines, isReady ? 'ready' : 'not ready'].join('\n')}\n`)
  }

interface Check {
  readonly what: string
  readonly fault: string | undefined
}

function checksOf({ synced, link, started }: Readiness): readonly Check[] {
  const tunnel = link?.connected ? undefined : (link?.why ?? 'not tried yet')
  return [
    { what: 'api', fault: synced ? undefined : 'the watches have not listed yet' },
    { what: 'tunnel', fault: tunnel },
    { what: 'controllers', fault: started ? undefined : 'not started yet' },
  ]
}
