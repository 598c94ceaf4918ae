import { setMaxListeners } from 'node:events'
import type { Clock } from '../ports.ts'

export interface TokenBucketOptions {
  readonly ratePerSecond: number
  readonly burst: number
  readonly clock: Clock
  /** Tokens that low-priority takers leave in the bucket; a quarter of `burst` unless given. */
  readonly reserve?: number
}

interface Lane {
  readonly waiters: Set<(taken: boolean) => void>
  /** Tokens that must stay behind. */
  readonly reserve: number
}

/**
 * One brake for all requests. Two lanes: the low one (Events, cosmetic patches) goes only while no normal request
 * waits and a reserve remains, so that it never makes a normal one wait.
 */
export class TokenBucket {
  readonly #perMs: number
  readonly #burst: number
  readonly #clock: Clock
  readonly #normal: Lane = { waiters: new Set(), reserve: 0 }
  readonly #low: Lane
  #tokens: number
  #countedAtMs: number
  #alarm: { readonly atMs: number; readonly abort: AbortController } | undefined

  constructor({ ratePerSecond, burst, clock, reserve = burst / 4 }: TokenBucketOptions) {
    this.#perMs = ratePerSecond / 1_000
    this.#burst = burst
    this.#clock = clock
    // A reserve as large as the bucket would shut the low lane for ever.
    this.#low = { waiters: new Set(), reserve: Math.max(0, Math.min(reserve, burst - 1)) }
    this.#tokens = burst
    this.#countedAtMs = clock.now()
  }

  /** Requests waiting in both lanes. */
  get waiting(): number {
    return this.#normal.waiters.size + this.#low.waiters.size
  }

  /** Takes one if it is there at once. */
  tryTake(): boolean {
    return this.#normal.waiters.size === 0 && this.#spend(0)
  }

  /** True: go. False: aborted while waiting. */
  take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false)
    return this.tryTake() ? Promise.resolve(true) : this.#wait(this.#normal, signal)
  }

  /** As `take`, after everyone else. */
  takeLow(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false)
    const free = this.waiting === 0 && this.#spend(this.#low.reserve)
    return free ? Promise.resolve(true) : this.#wait(this.#low, signal)
  }

  #wait({ waiters }: Lane, signal: AbortSignal): Promise<boolean> {
    // Many requests may wait on one signal; Node takes more than ten listeners for a leak.
    setMaxListeners(0, signal)
    const turn = new Promise<boolean>(resolve => {
      const settle = (taken: boolean): void => {
        waiters.delete(settle)
        signal.removeEventListener('abort', leave)
        resolve(taken)
      }
      const leave = (): void => {
        settle(false)
        this.#serve()
      }
      signal.addEventListener('abort', leave, { once: true })
      waiters.add(settle)
    })
    this.#setAlarm()
    return turn
  }

  #spend(reserve: number): boolean {
    const now = this.#clock.now()
    // A clock that was set back refills nothing, and takes nothing away.
    const elapsedMs = Math.max(0, now - this.#countedAtMs)
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#perMs)
    this.#countedAtMs = now
    if (this.#tokens < reserve + 1 - ROUNDING) return false
    this.#tokens -= 1
    return true
  }

  #serve(): void {
    this.#serveLane(this.#normal)
    if (this.#normal.waiters.size === 0) this.#serveLane(this.#low)
    this.#setAlarm()
  }

  #serveLane({ waiters, reserve }: Lane): void {
    for (const settle of waiters) {
      if (!this.#spend(reserve)) return
      settle(true)
    }
  }

  #setAlarm(): void {
    const lane = [this.#normal, this.#low].find(({ waiters }) => waiters.size > 0)
    const atMs = lane && this.#countedAtMs + Math.max(1, Math.ceil((lane.reserve + 1 - this.#tokens) / this.#perMs))
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

/** Sums of fractions of a token: 0.999999 is one. */
const ROUNDING = 1e-6
