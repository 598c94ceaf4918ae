/** Who may command a base? Judged by what the API server holds and when it was written, never by what a replica believes. */
import type { V1Lease } from '@kubernetes/client-node'
import type { SimApiServer } from '../api/sim-api-server.ts'
import type { HostedBase } from '../bases/hosted-base.ts'
import type { Frame } from '../network/connection.ts'
import { nodeNameOf } from '../oracles/settled.ts'
import type { Verdicts } from '../oracles/verdicts.ts'

export interface OwnerOracleOptions {
  readonly server: SimApiServer
  readonly verdicts: Verdicts
  readonly nowMs: () => number
  readonly baseOf: (identity: string) => HostedBase | undefined
  /** Nothing on the network can bring a base a command that nobody just sent. */
  readonly isExact: () => boolean
}

interface Words {
  readonly bizName?: string
  readonly bizVersion?: string
}

/** As DESIGN 5 promises: who could not renew for so long sends nothing. */
const FENCED_AFTER_MS = 10_000
/** So long others leave a base alone whose Lease is gone: `RESTORE_WITHIN_MS`. */
const RESTORES_WITHIN_MS = 20_000
const CHANGES: ReadonlySet<string> = new Set(['installBiz', 'uninstallBiz'])

export class OwnerOracle {
  readonly #of: OwnerOracleOptions
  /** When the API server last took a membership in that name; a released one is no more. */
  readonly #renewedAtMs = new Map<string, number>()
  readonly #released = new Set<string>()
  /** By Node: who held its Lease last, and since when there is none. */
  readonly #last = new Map<string, { readonly holder: string; readonly goneAtMs?: number }>()
  /** Who sent what a base is busy with. */
  readonly #senders = new Map<string, string>()

  constructor(options: OwnerOracleOptions) {
    this.#of = options
    options.server.onCommit(({ resource, type, object }) => {
      if (resource !== 'leases') return
      const isOfBase = (object as V1Lease).metadata?.namespace === 'kube-node-lease'
      if (isOfBase) this.#held(object as V1Lease, type === 'DELETED')
      else if (type !== 'DELETED') this.#renewed(object as V1Lease)
    })
  }

  /** Renewed by the truth of the API server, within the last ten seconds, and not released. */
  lives(holder: string): boolean {
    const renewedAtMs = this.#renewedAtMs.get(holder)
    if (renewedAtMs === undefined || this.#released.has(holder)) return false
    return this.#of.nowMs() - renewedAtMs <= FENCED_AFTER_MS
  }

  sent({ topic, payload }: Frame, holder: string): void {
    const [, identity = '', verb = ''] = topic.split('/')
    const base = this.#of.baseOf(identity)
    if (!base || !CHANGES.has(verb) || payload.byteLength === 0) return
    const { bizName, bizVersion } = JSON.parse(Buffer.from(payload).toString('utf8')) as Words
    const what = `${verb} ${bizName}:${bizVersion} for ${identity}`
    this.#asOwner(base, holder, what)
    if (this.#of.isExact()) this.#together(base, holder, what)
    this.#senders.set(`${identity} ${bizName}:${bizVersion}`, holder)
  }

  #asOwner(base: HostedBase, holder: string, what: string): void {
    const { server, verdicts } = this.#of
    const lease = server.get<V1Lease>('leases', 'kube-node-lease', nodeNameOf(base))
    const owner = lease?.spec?.holderIdentity
    if (owner !== holder && !(lease === undefined && this.#putsItBack(base, holder)))
      verdicts.object('not-owner', `${holder} sends ${what}, whose Lease names ${owner}`)
    if (!this.lives(holder)) verdicts.object('fenced-sender', `${holder} sends ${what}, and has not renewed for long`)
  }

  /** Somebody deleted the Node, and its Lease went with it: whoever held it makes both again, and all others wait for that. */
  #putsItBack(base: HostedBase, holder: string): boolean {
    const last = this.#last.get(nodeNameOf(base))
    return (
      last?.goneAtMs !== undefined && last.holder === holder && this.#of.nowMs() - last.goneAtMs < RESTORES_WITHIN_MS
    )
  }

  /** What somebody who is gone left behind may still run; of two that live it never may. */
  #together(base: HostedBase, holder: string, what: string): void {
    for (const key of base.ledger.running.keys()) {
      const sender = this.#senders.get(`${base.identity} ${key}`)
      if (sender === undefined || sender === holder || !this.lives(sender)) continue
      this.#of.verdicts.object('two-owners', `${holder} sends ${what} while it is busy with ${key} of ${sender}`)
    }
  }

  #held({ metadata, spec }: V1Lease, isGone: boolean): void {
    const holder = spec?.holderIdentity ?? ''
    this.#last.set(metadata?.name ?? '', { holder, ...(isGone && { goneAtMs: this.#of.nowMs() }) })
  }

  #renewed({ metadata, spec }: V1Lease): void {
    const holder = spec?.holderIdentity
    if (!holder) return
    this.#renewedAtMs.set(holder, this.#of.nowMs())
    if (Object.values(metadata?.annotations ?? {}).includes('released')) this.#released.add(holder)
  }
}
