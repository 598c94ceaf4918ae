/** How many Events one object may have: a burst, then few. One Pod that fails for ever must not flood the API server. */
import { LRUCache } from 'lru-cache'

export interface EventBudgetOptions {
  readonly burst: number
  readonly oneEveryMs: number
  readonly objectsMax: number
}

interface Account {
  readonly tokens: number
  readonly atMs: number
}

export class EventBudget {
  readonly #options: EventBudgetOptions
  readonly #accounts: LRUCache<string, Account>

  constructor(options: EventBudgetOptions) {
    this.#options = options
    this.#accounts = new LRUCache({ max: options.objectsMax })
  }

  /** Takes one if there is one. */
  take(object: string, nowMs: number): boolean {
    const { burst, oneEveryMs } = this.#options
    const { tokens, atMs } = this.#accounts.get(object) ?? { tokens: burst, atMs: nowMs }
    const now = Math.min(burst, tokens + Math.max(0, nowMs - atMs) / oneEveryMs)
    const isAllowed = now >= 1
    this.#accounts.set(object, { tokens: isAllowed ? now - 1 : now, atMs: nowMs })
    return isAllowed
  }
}
