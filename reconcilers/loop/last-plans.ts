import { LRUCache } from 'lru-cache'

/** What was decided of a key when last looked at, and why. */
export interface LastPlan {
  readonly plan: string
  readonly why: string
  readonly run: string
  readonly atMs: number
  readonly tookMs: number
}

const KEYS_MAX = 20_000

/** For /debug/state. May forget: of very many keys only those looked at last are kept. */
export class LastPlans<K extends string> {
  readonly #plans: LRUCache<K, LastPlan>

  constructor(keysMax = KEYS_MAX) {
    this.#plans = new LRUCache({ max: keysMax })
  }

  get size(): number {
    return this.#plans.size
  }

  get(key: K): LastPlan | undefined {
    return this.#plans.peek(key)
  }

  set(key: K, plan: LastPlan): void {
    this.#plans.set(key, plan)
  }

  forget(key: K): void {
    this.#plans.delete(key)
  }

  /** Newest first. */
  entries(): readonly (readonly [K, LastPlan])[] {
    return [...this.#plans.entries()]
  }
}
