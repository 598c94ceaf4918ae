/** For tests: time that passes only when told to. */
import type { Clock } from '../ports.ts'

interface Sleeper {
  readonly atMs: number
  readonly wake: () => void
}

export class SteppedClock implements Clock {
  readonly #sleepers = new Set<Sleeper>()
  #nowMs: number

  constructor(nowMs = 0) {
    this.#nowMs = nowMs
  }

  /** How many sleep: what leaks a wake-up shows here. */
  get sleeping(): number {
    return this.#sleepers.size
  }

  now(): number {
    return this.#nowMs
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const sleeper: Sleeper = {
        atMs: this.#nowMs + ms,
        wake: () => {
          this.#sleepers.delete(sleeper)
          signal.removeEventListener('abort', sleeper.wake)
          resolve()
        },
      }
      signal.addEventListener('abort', sleeper.wake, { once: true })
      this.#sleepers.add(sleeper)
    })
  }

  /** Lets `ms` pass, waking each sleeper at its time and letting it act before time goes on. */
  async step(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settled()
    for (let next = this.#next(untilMs); next; next = this.#next(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.wake()
      await settled()
    }
    this.#nowMs = untilMs
  }

  #next(untilMs: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter(({ atMs }) => atMs <= untilMs)
    return due.sort((a, b) => a.atMs - b.atMs)[0]
  }
}

/** A whole turn of the event loop: every promise that can settle has, however long its chain. */
export const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
