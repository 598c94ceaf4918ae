/** Where the operator is to be killed: counted in what it does to the world, so that no place can be missed. */
export interface Crash {
  /** 1: the next effect. */
  readonly countdown: number
  readonly when: 'before' | 'after'
  readonly downMs: number
}

export class Crashes {
  #armed: { left: number; readonly crash: Crash } | undefined
  #effects = 0

  /** Writes and commands so far. */
  get effects(): number {
    return this.#effects
  }

  arm(crash: Crash): void {
    this.#armed ??= { left: crash.countdown, crash }
  }

  disarm(): void {
    this.#armed = undefined
  }

  /** Before an effect; the crash, where this is its moment. */
  before(): Crash | undefined {
    this.#effects += 1
    if (!this.#armed) return undefined
    this.#armed.left -= 1
    const isDue = this.#armed.left <= 0 && this.#armed.crash.when === 'before'
    return isDue ? this.#take() : undefined
  }

  after(): Crash | undefined {
    return this.#armed && this.#armed.left <= 0 ? this.#take() : undefined
  }

  #take(): Crash | undefined {
    const crash = this.#armed?.crash
    this.#armed = undefined
    return crash
  }
}
