/** Time as one process has it: it stands still while the process is stopped, and ends with it. */
import type { Clock } from '../../reconcilers/ports.ts'
import type { Cancel } from '../base-simulator/clock.ts'
import { sleepOn, type VirtualTime } from './virtual-time.ts'

export class ProcessTime implements Clock {
  readonly #time: VirtualTime
  readonly #aheadMs: number
  readonly #held: (() => void)[] = []
  readonly #alarms = new Set<Cancel>()
  #resumedAtMs = 0
  #state: 'runs' | 'paused' | 'dead' = 'runs'

  /** `aheadMs`: of the world's clock. */
  constructor(time: VirtualTime, aheadMs = 0) {
    this.#time = time
    this.#aheadMs = aheadMs
  }

  get alive(): boolean {
    return this.#state !== 'dead'
  }

  get paused(): boolean {
    return this.#state === 'paused'
  }

  /** When it went on after it last stood still; 0: it never did. */
  get resumedAtMs(): number {
    return this.#resumedAtMs
  }

  /** Alarms of this process that are set. */
  get pending(): number {
    return this.#alarms.size
  }

  now(): number {
    return this.#time.now() + this.#aheadMs
  }

  after(ms: number, run: () => void): Cancel {
    if (!this.alive) return () => {}
    const rings = this.gated(run)
    const cancel = this.#time.after(ms, () => {
      this.#alarms.delete(cancel)
      rings()
    })
    this.#alarms.add(cancel)
    return () => {
      this.#alarms.delete(cancel)
      cancel()
    }
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }

  /** What comes from outside: waits while the process is stopped, and is nothing once it is dead. */
  gated(run: () => void): () => void {
    return () => {
      if (this.#state === 'runs') run()
      else if (this.#state === 'paused') this.#held.push(run)
    }
  }

  /** As SIGSTOP, or a machine that swaps: all that was due meanwhile comes when it goes on. */
  pause(): void {
    if (this.#state === 'runs') this.#state = 'paused'
  }

  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'runs'
    this.#resumedAtMs = this.#time.now()
    // One after the other, as the event loop would: each with all that follows from it.
    for (const run of this.#held.splice(0)) this.#time.after(0, this.gated(run))
  }

  /** As SIGKILL: nothing that it waited for ever comes. */
  kill(): void {
    this.#state = 'dead'
    this.#held.length = 0
    for (const cancel of this.#alarms) cancel()
    this.#alarms.clear()
  }
}
