/** What one list and its watch have shown, as changes: misses no deletion, and no re-creation under one name. */
import { type KubeObject, keyOfObject } from './kube-object.ts'

export interface Change<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

export class KeptObjects<T extends KubeObject> {
  readonly #kept = new Map<string, T>()
  readonly #onChange: (change: Change<T>) => void

  constructor(onChange: (change: Change<T>) => void) {
    this.#onChange = onChange
  }

  get size(): number {
    return this.#kept.size
  }

  put(object: T): void {
    const key = keyOfObject(object)
    const before = this.#kept.get(key)
    if (before && isSameVersion(before, object)) return
    this.#kept.set(key, object)
    const isAnother = before !== undefined && before.metadata?.uid !== object.metadata?.uid
    if (isAnother) this.#onChange({ type: 'DELETED', object: before })
    this.#onChange({ type: before && !isAnother ? 'MODIFIED' : 'ADDED', object })
  }

  remove(object: T): void {
    this.#kept.delete(keyOfObject(object))
    this.#onChange({ type: 'DELETED', object })
  }

  /** After a whole list: what it did not show is gone. */
  retain(seen: ReadonlySet<string>): void {
    for (const [key, object] of this.#kept) {
      if (seen.has(key)) continue
      this.#kept.delete(key)
      this.#onChange({ type: 'DELETED', object })
    }
  }
}

const isSameVersion = (a: KubeObject, b: KubeObject): boolean =>
  a.metadata?.resourceVersion === b.metadata?.resourceVersion
