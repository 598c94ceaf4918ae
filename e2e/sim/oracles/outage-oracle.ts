/** What serves is not stopped for a version that nobody has seen to work, where it could have been tried first. */
import type { HostedBase } from '../bases/hosted-base.ts'
import type { Frame } from '../network/connection.ts'
import { bizJarAt, pathOf } from '../workload/sim-jars.ts'
import type { SeenClaim } from './claims-seen.ts'
import { keyOf } from './path-claims.ts'
import type { Verdicts } from './verdicts.ts'

export interface OutageOracleOptions {
  readonly verdicts: Verdicts
  readonly baseOf: (identity: string) => HostedBase | undefined
  /** Live claims of that biz on the base, newest first, by what the operator sees as by the truth. */
  readonly claimsOf: (identity: string, biz: string) => readonly SeenClaim[]
  /** Each command reaches its base once, if at all, and nobody else sends any. */
  readonly isExact: () => boolean
}

interface Command {
  readonly bizName: string
  readonly bizVersion: string
  readonly bizUrl?: string
  readonly installStrategy?: string
}

const ASKS_FOR_IT = 'module-controller.koupleless.io/replace'

export class OutageOracle {
  readonly #of: OutageOracleOptions

  constructor(options: OutageOracleOptions) {
    this.#of = options
  }

  /** A command leaves the operator. */
  sent({ topic, payload }: Frame): void {
    const [, identity = '', verb = ''] = topic.split('/')
    const base = this.#of.baseOf(identity)
    if (!base || !/^(un)?installBiz$/.test(verb) || payload.byteLength === 0 || !this.#of.isExact()) return
    const command = JSON.parse(Buffer.from(payload).toString('utf8')) as Command
    const served = servedBy(base, command.bizName)
    if (verb === 'uninstallBiz') this.#stops(base, command, served)
    else if (command.installStrategy === 'uninstallThenInstall') this.#replaces(base, command, served)
  }

  /** A trial that is wanted takes the place of what serves in one command: after an uninstall alone nobody answers (capture 238). */
  #stops(base: HostedBase, { bizName, bizVersion }: Command, served: readonly string[]): void {
    const key = `${bizName}:${bizVersion}`
    const path = ownPath(base, key)
    if (path === undefined || !served.includes(key)) return
    const standing = new Set(base.base.bizs().flatMap(biz => (/^(de)?activated$/.test(biz.state) ? [keyOf(biz)] : [])))
    const [first] = this.#of.claimsOf(base.identity, bizName)
    if (first && keyOf(first) !== key && standing.has(keyOf(first)))
      this.#object(base, `uninstallBiz ${key}, which serves ${path}, and ${keyOf(first)} stands beside it as a trial`)
  }

  #replaces(base: HostedBase, command: Command, served: readonly string[]): void {
    const { bizName, bizVersion, bizUrl = '' } = command
    const key = `${bizName}:${bizVersion}`
    // The same version stands only once.
    if (served.length === 0 || served.includes(key) || isProved(base, key, bizUrl) || !canBeProved(bizUrl)) return
    const claims = this.#of.claimsOf(base.identity, bizName)
    if (claims.some(({ pod }) => pod.metadata?.annotations?.[ASKS_FOR_IT] === 'uninstall-first')) return
    this.#object(base, `uninstallThenInstall ${key}, never tried, and ${served.join(', ')} serves`)
  }

  #object({ identity }: HostedBase, what: string): void {
    this.#of.verdicts.object('needless-outage', `${identity} gets ${what}`)
  }
}

/** `name:version` of all of that name that do what they are there for: a web module answers at its own path. */
export function servedBy(of: HostedBase, name: string): readonly string[] {
  return of.base.bizs().flatMap(biz => {
    const key = keyOf(biz)
    if (biz.name !== name || !/^(de)?activated$/.test(biz.state)) return []
    const path = ownPath(of, key)
    const serves = path === undefined ? biz.state === 'activated' : of.base.answersAt(path) === key
    return serves ? [key] : []
  })
}

/** Not that of a trial: its args are no part of the module. */
function ownPath({ ledger, webServer }: HostedBase, key: string): string | undefined {
  const origin = ledger.originOf(key)
  return origin && pathOf({ url: origin.url, args: [] }, webServer)
}

/** It stands beside what serves, from that jar. */
const isProved = ({ base, ledger }: HostedBase, key: string, url: string): boolean =>
  base.bizs().some(biz => keyOf(biz) === key && biz.state !== 'broken') && ledger.originOf(key)?.url === url

/** It takes nothing that a JVM has only once, and hears where it is put. */
function canBeProved(url: string): boolean {
  const jar = bizJarAt(url)
  return !jar?.binds && !jar?.web?.dropsArgs
}
