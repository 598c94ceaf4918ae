/** All objects of one resource: the latest version of each, and what happened to them lately. */
import { type ApiObject, keyOf } from './api-object.ts'
import { Kept } from './kept.ts'
import type { Resource } from './resources.ts'

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

export interface Change {
  readonly resource: Resource
  readonly type: ChangeType
  readonly version: number
  /** Of one that was deleted: its last content, under the version of its deletion. */
  readonly kept: Kept
  readonly before: Kept | undefined
}

/** As a real watch cache, which keeps no more than so much of what is busy. */
const HISTORY_MAX = 1_024
const NOTHING: readonly Change[] = []

export class ObjectTable {
  readonly resource: Resource
  readonly #kept = new Map<string, Kept>()
  #history: Change[] = []
  #forgottenUpTo = 0
  #sorted: readonly Kept[] | undefined
  #objects: readonly ApiObject[] | undefined

  constructor(resource: Resource) {
    this.resource = resource
  }

  get(key: string): Kept | undefined {
    return this.#kept.get(key)
  }

  /** By namespace, then name. */
  sorted(): readonly Kept[] {
    this.#sorted ??= inOrder(this.#kept)
    return this.#sorted
  }

  objects(): readonly ApiObject[] {
    this.#objects ??= this.sorted().map(({ object }) => object)
    return this.#objects
  }

  apply(change: Change): void {
    const key = keyOf(change.kept.object.metadata)
    if (change.type === 'DELETED') this.#kept.delete(key)
    else this.#kept.set(key, change.kept)
    this.#sorted = undefined
    this.#objects = undefined
    this.#history.push(change)
    if (this.#history.length >= 2 * HISTORY_MAX) this.#forget(this.#history.length - HISTORY_MAX)
  }

  /** What happened after that version, or undefined where that is no longer known. */
  since(version: number): readonly Change[] | undefined {
    if (version < this.#forgottenUpTo) return undefined
    if (version >= (this.#history.at(-1)?.version ?? 0)) return NOTHING
    const first = this.#history.findIndex(change => change.version > version)
    return this.#history.slice(first)
  }

  /** All as they were at that version, or undefined where that is no longer known. */
  at(version: number): readonly Kept[] | undefined {
    const changes = this.since(version)
    if (!changes || changes.length === 0) return changes && this.sorted()
    const then = new Map(this.#kept)
    for (const { kept, before } of changes.toReversed()) {
      const key = keyOf(kept.object.metadata)
      if (before) then.set(key, before)
      else then.delete(key)
    }
    return inOrder(then)
  }

  /** Watches from before `version` can no longer begin. */
  compact(version: number): void {
    this.#history = []
    this.#forgottenUpTo = version
  }

  #forget(count: number): void {
    this.#forgottenUpTo = this.#history[count - 1]?.version ?? this.#forgottenUpTo
    this.#history = this.#history.slice(count)
  }

  /** The oldest version from which a watch may begin. */
  get oldest(): number {
    return this.#forgottenUpTo
  }

  keep(object: ApiObject): Kept {
    return new Kept(this.resource, object)
  }
}

const inOrder = (kept: ReadonlyMap<string, Kept>): readonly Kept[] =>
  [...kept.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
