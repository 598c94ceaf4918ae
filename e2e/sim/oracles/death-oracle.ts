/** Nobody is called dead, and nothing deleted, because we were blind. */
import type { V1Pod } from '@kubernetes/client-node'
import type { Composition } from '../../../operator/compose.ts'
import { nodeName } from '../../../reconcilers/names.ts'
import type { BaseRecord, ReachState } from '../../../reconcilers/registry/base-record.ts'
import { claimsIn, isLive, liveClaims } from './claims-seen.ts'
import type { Heard } from './heard.ts'
import type { Verdicts } from './verdicts.ts'

export interface DeathOracleOptions {
  readonly verdicts: Verdicts
  readonly heard: Heard
  readonly nowMs: () => number
  /** Each frame is heard once, in order and on time. */
  readonly isExact: () => boolean
}

const SILENT_AFTER_MS = 25_000
const DEAD_AFTER_MS = 200_000

export class DeathOracle {
  readonly #of: DeathOracleOptions
  readonly #reach = new Map<string, ReachState>()

  constructor(options: DeathOracleOptions) {
    this.#of = options
  }

  /** Another operator: it judges anew. */
  forget(): void {
    this.#reach.clear()
  }

  /** `startedAtMs`: of the operator that judges. */
  judged(record: BaseRecord, composition: Composition, startedAtMs: number): void {
    const before = this.#reach.get(record.id)
    const { state, why } = record.reach
    this.#reach.set(record.id, state)
    if (state === before || (state !== 'dead' && state !== 'silent')) return
    if (record.deactivated || why.startsWith('its own Pod') || why.includes('its Node was deleted')) return
    // Taken up from memory: judged by an operator before this one.
    if (before === undefined && state === 'dead') return
    const { heard, nowMs, verdicts, isExact } = this.#of
    const since = Math.max(heard.of(record.id)?.lastAtMs ?? 0, composition.registry.link.sinceMs, startedAtMs)
    const quietMs = nowMs() - since
    const needed = state === 'dead' ? DEAD_AFTER_MS : SILENT_AFTER_MS
    if (!composition.registry.link.connected)
      verdicts.object('blind', `${record.id} is called ${state} while the broker is away`)
    else if (quietMs < needed && isExact())
      verdicts.object('blind', `${record.id} is called ${state} after ${Math.round(quietMs / 1_000)} s of silence`)
  }

  deletesNode(name: string, { registry }: Composition): void {
    const record = registry.byNode(nodeName(name))
    if (record?.reach.state !== 'dead')
      this.#of.verdicts.object('deleted-alive', `Node ${name} is deleted, and its base is ${record?.reach.state}`)
  }

  /** `pods`: all that there are. */
  deletesPod(pod: V1Pod, pods: readonly V1Pod[], { registry, store }: Composition): void {
    const { verdicts, heard } = this.#of
    const node = pod.spec?.nodeName ?? ''
    const record = registry.byNode(nodeName(node))
    const name = pod.metadata?.name ?? ''
    if (record?.reach.state === 'dead' || !record) return
    if (!pod.metadata?.deletionTimestamp) {
      verdicts.object('deleted-alive', `Pod ${name} is deleted unasked, and its base is ${record.reach.state}`)
      return
    }
    if (!isLive({ ...pod, metadata: {} })) return
    const base = heard.of(record.id)
    const known = liveClaims([...store.podsOn(nodeName(node)), ...pods], node)
    for (const claim of claimsIn(pod)) {
      const key = `${claim.name}:${claim.version}`
      const stands = base?.listed?.has(key) && !base.gone.has(key) && !record.foreign?.has(key as never)
      if (stands && record.bizs.has(key as never) && !known.has(claim.name))
        verdicts.object('released', `Pod ${name} is released, and ${record.id} said that it runs ${key}`)
      if (!base?.listed && !known.has(claim.name))
        verdicts.object('released', `Pod ${name} is released, and ${record.id} was never asked what it runs`)
    }
  }
}
