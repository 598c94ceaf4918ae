import { setMaxListeners } from 'node:events'
import type { Clock, Rng } from '../ports.ts'
import { DueHeap } from './due-heap.ts'

export interface RetryLimits {
  /** The other side asked for this much patience (Retry-After). */
  readonly atLeastMs?: number
  readonly atMostMs?: number
}

export interface QueuedKey<K> {
  readonly key: K
  readonly state: 'waiting' | 'processing' | 'processing, dirty'
  readonly dueAtMs: number
  readonly failures: number
}

/**
 * The set of keys that need attention. A key is in it once, however often it is added; it is never handed out twice at
 * a time; added while it is worked on, it runs once more. The earliest wake-up wins: adding never delays.
 */
export interface WorkQueue<K extends string> {
  /** Due now. */
  add(key: K): void
  addAfter(key: K, ms: number): void
  /** After a failure: doubling delay, jittered, capped. */
  retry(key: K, limits?: RetryLimits): void
  /** All is well again: the next failure is a first one. */
  forget(key: K): void
  /** The key longest due; waits for one. Undefined: aborted. Each key taken must be given back by `done`. */
  take(signal: AbortSignal): Promise<K | undefined>
  done(key: K): void
  /** Since when a key in work was due. */
  dueSinceMs(key: K): number | undefined
  /** Keys waiting, due or not. */
  readonly size: number
  /** Keys that could be taken now. */
  readonly due: number
  readonly processing: number
  snapshot(): readonly QueuedKey<K>[]
}

export interface WorkQueueOptions {
  readonly clock: Clock
  readonly rng: Rng
  readonly firstRetryMs?: number
  readonly retryCapMs?: number
}

interface Taker<K> {
  readonly give: (key: K | undefined) => void
}

export class KeyQueue<K extends string> implements WorkQueue<K> {
  readonly #clock: Clock
  readonly #rng: Rng
  readonly #firstRetryMs: number
  readonly #retryCapMs: number
  /** Waiting keys; never one that is processing. */
  readonly #waiting = new DueHeap<K>()
  /** Keys handed out and not given back, with the time since when they were due. */
  readonly #processing = new Map<K, number>()
  /** Processing keys that were added meanwhile, with their earliest wake-up: they wait again when done. */
  readonly #dirty = new Map<K, number>()
  readonly #failures = new Map<K, number>()
  /** In order of arrival. Not empty only while no key is due. */
  readonly #takers = new Set<Taker<K>>()
  #alarm: { readonly atMs: number; readonly abort: AbortController } | undefined

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock
    this.#rng = options.rng
    this.#firstRetryMs = options.firstRetryMs ?? 50
    this.#retryCapMs = options.retryCapMs ?? 60_000
  }

  get size(): number {
    return this.#waiting.size
  }

  get processing(): number {
    return this.#processing.size
  }

  get due(): number {
    const now = this.#clock.now()
    return this.#waiting.all().filter(({ dueAtMs }) => dueAtMs <= now).length
  }

  add(key: K): void {
    this.#wakeAt(key, this.#clock.now())
  }

  addAfter(key: K, ms: number): void {
    this.#wakeAt(key, this.#clock.now() + Math.max(0, ms))
  }

  retry(key: K, { atLeastMs = 0, atMostMs = this.#retryCapMs }: RetryLimits = {}): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const doubled = Math.min(atMostMs, this.#firstRetryMs * 2 ** Math.min(failures, 20))
    const spread = this.#rng.next()
    // Never later than the cap, never before the other side allows.
    this.addAfter(key, Math.max(doubled * (1 - 0.3 * spread), atLeastMs * (1 + 0.1 * spread)))
  }

  forget(key: K): void {
    this.#failures.delete(key)
  }

  take(signal: AbortSignal): Promise<K | undefined> {
    if (signal.aborted) return Promise.resolve(undefined)
    const key = this.#takeDue()
    if (key !== undefined) return Promise.resolve(key)
    // Every worker of a controller waits on one signal; Node takes more than ten listeners for a leak.
    setMaxListeners(0, signal)
    const taken = new Promise<K | undefined>(resolve => {
      const taker: Taker<K> = {
        give: given => {
          this.#takers.delete(taker)
          signal.removeEventListener('abort', leave)
          resolve(given)
        },
      }
      const leave = (): void => {
        taker.give(undefined)
        this.#setAlarm()
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#takers.add(taker)
    })
    this.#setAlarm()
    return taken
  }

  done(key: K): void {
    this.#processing.delete(key)
    const again = this.#dirty.get(key)
    if (again === undefined) return
    this.#dirty.delete(key)
    this.#wakeAt(key, again)
  }

  dueSinceMs(key: K): number | undefined {
    return this.#processing.get(key)
  }

  snapshot(): readonly QueuedKey<K>[] {
    const failuresOf = (key: K): number => this.#failures.get(key) ?? 0
    const processing = [...this.#processing].map(([key, dueAtMs]) => {
      const again = this.#dirty.get(key)
      const state = again === undefined ? ('processing' as const) : ('processing, dirty' as const)
      return { key, state, dueAtMs: again ?? dueAtMs, failures: failuresOf(key) }
    })
    const waiting = this.#waiting.all().map(slot => ({
      key: slot.key,
      state: 'waiting' as const,
      dueAtMs: slot.dueAtMs,
      failures: failuresOf(slot.key),
    }))
    return [...processing, ...waiting.sort((a, b) => a.dueAtMs - b.dueAtMs)]
  }

  #wakeAt(key: K, atMs: number): void {
    if (this.#processing.has(key)) {
      this.#dirty.set(key, Math.min(atMs, this.#dirty.get(key) ?? atMs))
      return
    }
    this.#waiting.add(key, atMs)
    this.#serve()
  }

  #serve(): void {
    for (const taker of this.#takers) {
      const key = this.#takeDue()
      if (key === undefined) break
      taker.give(key)
    }
    this.#setAlarm()
  }

  #takeDue(): K | undefined {
    const first = this.#waiting.first
    if (!first || first.dueAtMs > this.#clock.now()) return undefined
    this.#waiting.takeFirst()
    this.#processing.set(first.key, first.dueAtMs)
    return first.key
  }

  /** One pending wake-up for all keys, and none while nobody waits: nothing of an idle queue outlives its takers. */
  #setAlarm(): void {
    const atMs = this.#takers.size > 0 ? this.#waiting.first?.dueAtMs : undefined
    if (atMs === this.#alarm?.atMs) return
    // With a reason: without one each abort makes an exception, stack and all.
    this.#alarm?.abort.abort('another alarm')
    this.#alarm = undefined
    if (atMs === undefined) return
    const alarm = { atMs, abort: new AbortController() }
    this.#alarm = alarm
    void this.#clock.sleep(Math.max(0, atMs - this.#clock.now()), alarm.abort.signal).then(() => {
      if (this.#alarm !== alarm) return
      this.#alarm = undefined
      this.#serve()
    })
  }
}
