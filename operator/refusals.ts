/** A message that was not let in: told where the owner of its base looks. */
import { LRUCache } from 'lru-cache'
import type { ArkletErrorCode, BaseId, Refusal } from '../mqtt-bridge/index.ts'
import * as events from '../reconcilers/events.ts'
import type { NodeNameOf } from '../reconcilers/node-identity.ts'
import type { Ownership } from '../reconcilers/ownership.ts'
import type { Clock, Events, Log } from '../reconcilers/ports.ts'

export interface RefusalsOptions {
  readonly registry: { get(id: BaseId): object | undefined }
  readonly ownership: Pick<Ownership, 'acts'>
  readonly nodeNameOf: NodeNameOf
  readonly events: Events
  readonly log: Log
  readonly clock: Pick<Clock, 'now'>
}

/** Nobody's fault, or ours to see to by the metric: a late frame, a topic of somebody else. */
const QUIET: ReadonlySet<ArkletErrorCode> = new Set(['TOPIC_FOREIGN', 'FRAME_STALE', 'FRAME_RETAINED'])
/** A bug of ours is no news to the owner of a base. */
const OURS: ReadonlySet<ArkletErrorCode> = new Set(['OBSERVER_FAILED'])
const HOUR_MS = 3_600_000
/** Once for each base and code, as long as it is remembered. */
const TOLD = { max: 10_000, ttl: HOUR_MS, ttlResolution: 0 }
/** Of those without a record, so many an hour: identities can be invented. */
const UNKNOWN_MAX = 100
const TOPIC_CHARS_MAX = 128

export class Refusals {
  readonly #of: RefusalsOptions
  readonly #told: LRUCache<string, true>
  readonly #unknown: LRUCache<string, true>

  constructor(options: RefusalsOptions) {
    this.#of = options
    this.#told = new LRUCache({ ...TOLD, perf: options.clock })
    this.#unknown = new LRUCache({ ...TOLD, max: UNKNOWN_MAX + 1, perf: options.clock })
  }

  tell(refusal: Refusal): void {
    const { code, path, message, base } = refusal
    const topic = refusal.topic.slice(0, TOPIC_CHARS_MAX)
    const isNews = this.#isNews(refusal, topic)
    const fields = { code, ...(base !== undefined && { base }), topic, path, why: message }
    this.#of.log[isNews ? 'warn' : 'debug']('message refused', fields)
    if (isNews && base !== undefined && !OURS.has(code)) this.#emit(base, refusal)
  }

  #isNews({ code, base }: Refusal, topic: string): boolean {
    if (QUIET.has(code)) return false
    const key = `${code} ${base ?? topic}`
    const [told, max] = this.#isKnown(base) ? [this.#told, TOLD.max] : [this.#unknown, UNKNOWN_MAX]
    if (told.has(key)) return false
    told.purgeStale()
    if (told.size >= max) return false
    told.set(key, true)
    return true
  }

  #isKnown(base: BaseId | undefined): boolean {
    return base !== undefined && this.#of.registry.get(base) !== undefined
  }

  #emit(base: BaseId, { code, path, message }: Refusal): void {
    const { nodeNameOf, ownership, events: recorder } = this.#of
    const name = nodeNameOf(base)
    if (ownership.acts(name)) recorder.emit(events.messageRefused({ name }, base, { code, path, why: message }))
  }
}
