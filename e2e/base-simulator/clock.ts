/** Time as the simulator sees it: handed in, so that a test can step it. */
export type Cancel = () => void

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  after(ms: number, run: () => void): Cancel
}

export const realClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

interface Alarm {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

/** Stands still until it is advanced; alarms of one instant ring in the order they were set. */
export class VirtualClock implements Clock {
  #nowMs: number
  #set = 0
  readonly #alarms = new Set<Alarm>()

  constructor(startMs = 1_795_461_305_000) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  after(ms: number, run: () => void): Cancel {
    const alarm = { atMs: this.#nowMs + Math.max(0, ms), order: this.#set++, run }
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }

  advance(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (let next = this.#next(untilMs); next; next = this.#next(untilMs)) {
      this.#alarms.delete(next)
      this.#nowMs = next.atMs
      next.run()
    }
    this.#nowMs = untilMs
  }

  #next(untilMs: number): Alarm | undefined {
    let first: Alarm | undefined
    for (const alarm of this.#alarms) {
      if (alarm.atMs > untilMs) continue
      if (!first || alarm.atMs < first.atMs || (alarm.atMs === first.atMs && alarm.order < first.order)) first = alarm
    }
    return first
  }
}

/** The timers of one process: they all die with it. */
export class ProcessTimers implements Clock {
  readonly #clock: Clock
  readonly #pending = new Set<Cancel>()
  #dead = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  after(ms: number, run: () => void): Cancel {
    if (this.#dead) return () => {}
    const cancel = this.#clock.after(ms, () => {
      this.#pending.delete(cancel)
      run()
    })
    this.#pending.add(cancel)
    return () => {
      this.#pending.delete(cancel)
      cancel()
    }
  }

  killAll(): void {
    this.#dead = true
    for (const cancel of this.#pending) cancel()
    this.#pending.clear()
  }
}
