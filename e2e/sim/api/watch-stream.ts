/** What one watch is sent of each change: an object may come into what it selects, and leave it. */
import type { ApiObject } from './api-object.ts'
import { Kept } from './kept.ts'
import type { Change } from './object-table.ts'
import { apiVersionOf, type Resource } from './resources.ts'
import type { Selects } from './selectors.ts'

/** One JSON watch event, without its newline. */
export type WatchLine = string

export interface WatchSink {
  line(line: WatchLine): void
  end(): void
}

export interface WatchScope {
  readonly resource: Resource
  readonly selects: Selects
  readonly metadataOnly: boolean
}

export class WatchStream {
  readonly #scope: WatchScope
  readonly #sink: WatchSink
  #sentUpTo: number

  constructor(scope: WatchScope, from: number, sink: WatchSink) {
    this.#scope = scope
    this.#sentUpTo = from
    this.#sink = sink
  }

  /** Changes of other resources, and those that were sent already, are passed over. */
  offer(change: Change): void {
    if (change.resource !== this.#scope.resource || change.version <= this.#sentUpTo) return
    this.#sentUpTo = change.version
    const line = lineOf(this.#scope, change)
    if (line !== undefined) this.#sink.line(line)
  }

  /** As at the start of a watch that names no version. */
  add(kept: Kept): void {
    if (this.#scope.selects(kept.object)) this.#sink.line(kept.line('ADDED', this.#scope.metadataOnly))
  }

  bookmark(version: number): void {
    this.#sink.line(bookmarkLine(this.#scope, version))
  }
}

function lineOf({ selects, metadataOnly }: WatchScope, change: Change): WatchLine | undefined {
  const { type, kept, before } = change
  const isSelected = type !== 'DELETED' && selects(kept.object)
  const wasSelected = before !== undefined && selects(before.object)
  if (isSelected) return kept.line(wasSelected ? 'MODIFIED' : 'ADDED', metadataOnly)
  if (!wasSelected) return undefined
  return (type === 'DELETED' ? kept : left(change, before)).line('DELETED', metadataOnly)
}

/** It left what is selected: told as it was, under the version of the change. */
function left({ resource, kept }: Change, before: Kept): Kept {
  const metadata = { ...before.object.metadata, resourceVersion: kept.object.metadata.resourceVersion }
  return new Kept(resource, { ...before.object, metadata } as ApiObject)
}

function bookmarkLine({ resource, metadataOnly }: WatchScope, version: number): WatchLine {
  const kind = metadataOnly ? 'PartialObjectMetadata' : resource.kind
  const apiVersion = metadataOnly ? 'meta.k8s.io/v1' : apiVersionOf(resource)
  const object = {
    kind,
    apiVersion,
    metadata: { resourceVersion: String(version) },
    ...(!metadataOnly && { spec: {} }),
  }
  return JSON.stringify({ type: 'BOOKMARK', object })
}

export const errorLine = (status: object): WatchLine => JSON.stringify({ type: 'ERROR', object: status })
