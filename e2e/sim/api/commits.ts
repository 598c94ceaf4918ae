/** The one order in which everything happens: a version for each change, and who is told of it. */
import { type ApiObject, keyOf } from './api-object.ts'
import { type Change, type ChangeType, ObjectTable } from './object-table.ts'
import { RESOURCES, type Resource } from './resources.ts'

export type CommitListener = (change: Change) => void

export class Commits {
  readonly #tables = new Map(RESOURCES.map(resource => [resource.plural, new ObjectTable(resource)]))
  readonly #listeners = new Set<CommitListener>()
  readonly #untold: Change[] = []
  #isTelling = false
  /** A real cluster is never at its first version. */
  #version = 1

  get version(): number {
    return this.#version
  }

  table(plural: string): ObjectTable {
    const table = this.#tables.get(plural)
    if (!table) throw new Error(`no resource ${plural}`)
    return table
  }

  /** `object`: its fields in order, kind and apiVersion first. */
  put(resource: Resource, object: ApiObject): Change {
    const table = this.table(resource.plural)
    const before = table.get(keyOf(object.metadata))
    return this.#commit(table, before ? 'MODIFIED' : 'ADDED', object)
  }

  remove(resource: Resource, object: ApiObject): Change {
    return this.#commit(this.table(resource.plural), 'DELETED', object)
  }

  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  compact(): void {
    for (const table of this.#tables.values()) table.compact(this.#version)
  }

  #commit(table: ObjectTable, type: ChangeType, object: ApiObject): Change {
    const version = ++this.#version
    const metadata = { ...object.metadata, resourceVersion: String(version) }
    const kept = table.keep({ ...object, metadata })
    const before = table.get(keyOf(metadata))
    const change: Change = { resource: table.resource, type, version, kept, before }
    table.apply(change)
    this.#untold.push(change)
    this.#tell()
    return change
  }

  /** One after the other, also where a listener itself writes. */
  #tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    try {
      for (let change = this.#untold.shift(); change; change = this.#untold.shift())
        for (const listener of this.#listeners) listener(change)
    } finally {
      this.#isTelling = false
    }
  }
}
