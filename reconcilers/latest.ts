/**
 * Our own last write of an object, until the watch has brought it. Without it the next run, woken milliseconds later,
 * would plan from the state before that write and make it a second time.
 */
interface ApiObject {
  readonly metadata?: { readonly uid?: string; readonly resourceVersion?: string }
}

/** A watch this late has missed a deletion rather than a write. */
export const WATCH_LAG_MS = 5_000

export class Latest<K extends string, T extends ApiObject> {
  readonly #written = new Map<K, { readonly object: T; readonly atMs: number }>()

  wrote(key: K, object: T, nowMs: number): void {
    this.#written.set(key, { object, atMs: nowMs })
  }

  forget(key: K): void {
    this.#written.delete(key)
  }

  /** The newer of what the cache holds and what we wrote. */
  of(key: K, cached: T | undefined, nowMs: number): T | undefined {
    const written = this.#written.get(key)
    if (!written) return cached
    if (nowMs - written.atMs < WATCH_LAG_MS && !isCaughtUp(cached, written.object)) return written.object
    this.#written.delete(key)
    return cached
  }
}

function isCaughtUp(cached: ApiObject | undefined, written: ApiObject): boolean {
  if (!cached) return false
  if (cached.metadata?.uid !== written.metadata?.uid) return true
  return Number(cached.metadata?.resourceVersion) >= Number(written.metadata?.resourceVersion)
}
