/** How many lines of one message may be written: a flood of one must fill no disk, and hide no other. */
import { LRUCache } from 'lru-cache'

/** More than a fleet of a thousand bases has to say at once when it comes or goes. */
export const LINES_BURST = 1_000
export const LINES_PER_SECOND = 100
const TELL_EVERY_MS = 1_000
/** Messages are constants of ours, and fewer. */
const MESSAGES_MAX = 500

interface Budget {
  left: number
  atMs: number
  dropped: number
}

export interface Dropped {
  readonly of: string
  readonly lines: number
}

export class LineBudget {
  readonly #budgets = new LRUCache<string, Budget>({ max: MESSAGES_MAX })
  #dropped = 0
  #toldAtMs = 0

  /** False: one too many, and counted. */
  take(message: string, nowMs: number): boolean {
    const budget = this.#budgets.get(message) ?? { left: LINES_BURST, atMs: nowMs, dropped: 0 }
    const passedMs = Math.max(0, nowMs - budget.atMs)
    budget.left = Math.min(LINES_BURST, budget.left + (passedMs * LINES_PER_SECOND) / 1_000)
    budget.atMs = nowMs
    this.#budgets.set(message, budget)
    if (budget.left >= 1) {
      budget.left -= 1
      return true
    }
    budget.dropped += 1
    this.#dropped += 1
    return false
  }

  /** What was dropped and not yet told, once a second at most. */
  toTell(nowMs: number): readonly Dropped[] {
    if (this.#dropped === 0 || nowMs - this.#toldAtMs < TELL_EVERY_MS) return []
    this.#toldAtMs = nowMs
    this.#dropped = 0
    const told = [...this.#budgets.entries()].filter(([, { dropped }]) => dropped > 0)
    return told.map(([of, budget]) => {
      const { dropped: lines } = budget
      budget.dropped = 0
      return { of, lines }
    })
  }
}
