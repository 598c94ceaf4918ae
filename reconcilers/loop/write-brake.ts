/**
 * Somebody may undo each write of ours as soon as it is made: an admission webhook, another controller. Each undoing wakes us, and
 * without a brake the two would go round as fast as the API server lets them, at the expense of all other objects.
 */
interface Budget {
  readonly left: number
  readonly atMs: number
}

/** More than any object needs that nobody fights over: its creation, and a storm of news. */
const BURST = 20
const ONE_EVERY_MS = 3_000

export class WriteBrake<K extends string> {
  readonly #budgets = new Map<K, Budget>()

  /** 0: write. Else how long until the next write may be made. */
  take(key: K, nowMs: number): number {
    const { left: before, atMs } = this.#budgets.get(key) ?? { left: BURST, atMs: nowMs }
    const left = Math.min(BURST, before + (nowMs - atMs) / ONE_EVERY_MS)
    const taken = left >= 1
    this.#budgets.set(key, { left: taken ? left - 1 : left, atMs: nowMs })
    return taken ? 0 : Math.ceil((1 - left) * ONE_EVERY_MS)
  }

  /** The object is gone. */
  forget(key: K): void {
    this.#budgets.delete(key)
  }
}
