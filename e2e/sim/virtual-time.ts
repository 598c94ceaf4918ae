/** One clock for the whole world. Nothing happens but by an alarm, and alarms of one instant ring in the order they were set. */
import type { Clock } from '../../reconcilers/ports.ts'
import type { Cancel } from '../base-simulator/clock.ts'

interface Alarm {
  readonly atMs: number
  readonly order: number
  /** Undefined: cancelled, and thrown away when its time comes. */
  run: (() => void) | undefined
}

const isBefore = (a: Alarm, b: Alarm): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/**
 * A tick that is queued from within a microtask runs when all microtasks have run, however long their chains. So it is a whole
 * turn for all that is made of promises, at a tenth of the price of a turn of the event loop.
 */
const drained = (): Promise<void> => new Promise(resolve => process.nextTick(resolve))
/** Now and then the process itself must breathe: signals, and promises that were rejected and left alone. */
const breath = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const BREATH_EVERY = 4_096

export const EPOCH_MS = 1_795_461_305_000

export class VirtualTime implements Clock {
  readonly #heap: Alarm[] = []
  #nowMs: number
  #order = 0
  #pending = 0
  #events = 0

  constructor(startMs = EPOCH_MS) {
    this.#nowMs = startMs
  }

  /** Alarms that are set and not cancelled. */
  get pending(): number {
    return this.#pending
  }

  /** Alarms that have rung. */
  get events(): number {
    return this.#events
  }

  now(): number {
    return this.#nowMs
  }

  after(ms: number, run: () => void): Cancel {
    const alarm: Alarm = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, run }
    this.#pending += 1
    this.#push(alarm)
    return () => {
      if (!alarm.run) return
      alarm.run = undefined
      this.#pending -= 1
    }
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }

  /** Rings what is due until then, each alarm with all that follows from it before the next. Stops early when `until` says so. */
  async advance(ms: number, isEnough: () => boolean = () => false): Promise<void> {
    const endMs = this.#nowMs + ms
    await drained()
    while (!isEnough()) {
      const next = this.#next(endMs)
      if (!next) {
        this.#nowMs = endMs
        return
      }
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.#events += 1
      next.run()
      await (this.#events % BREATH_EVERY === 0 ? breath() : drained())
    }
  }

  #next(endMs: number): { readonly atMs: number; readonly run: () => void } | undefined {
    for (let first = this.#heap[0]; first && first.atMs <= endMs; first = this.#heap[0]) {
      this.#pop()
      if (!first.run) continue
      this.#pending -= 1
      const { run } = first
      // Rung: to cancel it from now on is nothing.
      first.run = undefined
      return { atMs: first.atMs, run }
    }
    return undefined
  }

  #push(alarm: Alarm): void {
    const heap = this.#heap
    let place = heap.length
    heap.push(alarm)
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above]
      if (!parent || !isBefore(alarm, parent)) break
      heap[place] = parent
      place = above
    }
    heap[place] = alarm
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let place = 0
    for (;;) {
      const child = this.#earlierChild(place)
      const below = heap[child]
      if (!below || !isBefore(below, last)) break
      heap[place] = below
      place = child
    }
    heap[place] = last
  }

  #earlierChild(place: number): number {
    const left = 2 * place + 1
    const [one, other] = [this.#heap[left], this.#heap[left + 1]]
    return one && other && isBefore(other, one) ? left + 1 : left
  }
}

interface Alarms {
  after(ms: number, run: () => void): Cancel
}

/** As the production clock sleeps: resolves when the time is over or the signal aborts, and never rejects. */
export function sleepOn(alarms: Alarms, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const wake = (): void => {
      cancel()
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const cancel = alarms.after(ms, wake)
    signal.addEventListener('abort', wake, { once: true })
  })
}
