/** Nobody is called dead, and nothing deleted, because we were blind. */
import type { V1Pod } from '@kubernetes/client-node'
import { type BizKey, bizKey } from '../../../mqtt-bridge/index.ts'
import type { Composition } from '../../../operator/compose.ts'
import { hasEnded } from '../../../reconcilers/claims.ts'
import { nodeName } from '../../../reconcilers/names.ts'
import type { BaseRecord, ReachState } from '../../../reconcilers/registry/base-record.ts'
import { claimsIn, liveClaims } from './claims-seen.ts'
import type { Heard, HeardBase } from './heard.ts'
import type { Verdicts } from './verdicts.ts'

export interface DeathOracleOptions {
  readonly verdicts: Verdicts
  readonly heard: Heard
  readonly nowMs: () => number
  /** Each frame is heard once, in order and on time. */
  readonly isExact: () => boolean
  /** Since when nothing passes between us and the broker, and nothing else keeps bases from answering; undefined: it passes. */
  readonly blindSinceMs: () => number | undefined
}

const SILENT_AFTER_MS = 25_000
const DEAD_AFTER_MS = 200_000
/** A base is asked sooner than that after its last word only by chance: what it was asked before we were blind it has answered. */
const ASKED_AFTER_MS = 10_000
/** All that are cut off together are missing by then, and of few one cannot tell. */
const MISSING_AFTER_MS = 20_000
const FEW = 3
const MOST = 0.7

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
    const { state } = record.reach
    this.#reach.set(record.id, state)
    if (state === before || isKnownOtherwise(record)) return
    // Taken up from memory: judged by an operator before this one.
    if (before === undefined && state === 'dead') return
    if (state === 'dead') this.#judge(record, { composition, startedAtMs, neededMs: DEAD_AFTER_MS })
    if (state === 'silent') this.#judge(record, { composition, startedAtMs, neededMs: SILENT_AFTER_MS })
  }

  #judge({ id, reach: { state } }: BaseRecord, { composition, startedAtMs, neededMs }: Judgement): void {
    const { heard, nowMs, verdicts, isExact } = this.#of
    const { link } = composition.registry
    const quietMs = nowMs() - Math.max(heard.of(id)?.lastAtMs ?? 0, link.sinceMs, startedAtMs)
    if (!link.connected) verdicts.object('blind', `${id} is called ${state} while the broker is away`)
    else if (quietMs < neededMs && isExact())
      verdicts.object('blind', `${id} is called ${state} after ${Math.round(quietMs / 1_000)} s of silence`)
    else if (this.#isBlind(nowMs() - quietMs))
      verdicts.object('blind', `${id} is called ${state} while nothing passes between us and the broker`)
    else if (state === 'silent' && this.#areMostMissing(composition))
      verdicts.object('blind', `${id} is called silent while most are`)
  }

  #isBlind(heardAtMs: number): boolean {
    const sinceMs = this.#of.blindSinceMs()
    return sinceMs !== undefined && sinceMs <= heardAtMs + ASKED_AFTER_MS
  }

  #areMostMissing({ registry }: Composition): boolean {
    const { heard, nowMs } = this.#of
    const known = registry.list().filter(({ reach }) => reach.state !== 'dead')
    const lastAtMs = (id: string): number => Math.max(heard.of(id)?.lastAtMs ?? nowMs(), registry.link.sinceMs)
    const missing = known.filter(({ id }) => nowMs() - lastAtMs(id) > MISSING_AFTER_MS)
    return missing.length > FEW && missing.length > MOST * known.length
  }

  deletesNode(name: string, { registry }: Composition): void {
    const state = registry.byNode(nodeName(name))?.reach.state
    if (state !== 'dead') this.#of.verdicts.object('deleted-alive', `Node ${name} is deleted, and its base is ${state}`)
  }

  /** `pods`: all that there are. */
  deletesPod(pod: V1Pod, pods: readonly V1Pod[], { registry, store }: Composition): void {
    const { name = '', deletionTimestamp } = pod.metadata ?? {}
    const node = nodeName(pod.spec?.nodeName ?? '')
    const record = registry.byNode(node)
    if (!record || record.reach.state === 'dead') return
    if (!deletionTimestamp)
      this.#of.verdicts.object('deleted-alive', `Pod ${name} is deleted unasked, and its base is ${record.reach.state}`)
    else if (!hasEnded(pod)) this.#releases(pod, record, liveClaims([...store.podsOn(node), ...pods], node))
  }

  /** `known`: what live Pods claim, by the cache of the operator or in truth. */
  #releases(pod: V1Pod, record: BaseRecord, known: ReadonlyMap<string, unknown>): void {
    const base = this.#of.heard.of(record.id)
    for (const { name, version } of claimsIn(pod)) {
      const key = bizKey(name, version)
      // Foreign: it was there before this Pod, and stays.
      if (known.has(name) || record.foreign?.has(key)) continue
      const what = reasonToStay(base, record, key)
      if (what !== undefined)
        this.#of.verdicts.object('released', `Pod ${pod.metadata?.name} is released, and ${record.id} ${what}`)
    }
  }
}

interface Judgement {
  readonly composition: Composition
  readonly startedAtMs: number
  readonly neededMs: number
}

/** Somebody who knows has said so. */
const isKnownOtherwise = ({ deactivated, reach: { why } }: BaseRecord): boolean =>
  deactivated === true || why.startsWith('its own Pod') || why.includes('its Node was deleted')

function reasonToStay(base: HeardBase | undefined, record: BaseRecord, key: BizKey): string | undefined {
  if (!base?.listed) return 'was never asked what it runs'
  if (record.flights.has(key)) return `may be busy with ${key}`
  return stands(base, record, key) ? `said that it runs ${key}` : undefined
}

const stands = (base: HeardBase, record: BaseRecord, key: BizKey): boolean =>
  base.listed?.has(key) === true && !base.gone.has(key) && record.bizs.has(key)
