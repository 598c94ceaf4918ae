/**
 * An API server in memory: what the operator and the controllers use of a real one, as the real one does it (one contract
 * suite holds both to it). Each call is one atomic step; nothing here waits, and lost or late messages are the caller's.
 */
import { type Draft, isObject } from './api-object.ts'
import { Commits } from './commits.ts'
import { type DeleteOptions, deleteObject } from './deletion.ts'
import type { Kept } from './kept.ts'
import type { ChangeType } from './object-table.ts'
import { asksMetadataOnly, readMany, readOne } from './reads.ts'
import { badRequest, expired, internal, notAllowed, Refusal } from './refusal.ts'
import { parseTarget, type Target } from './request-target.ts'
import { selectorOf } from './selectors.ts'
import { errorLine, type WatchSink, WatchStream } from './watch-stream.ts'
import { refuseVersioned, Writes } from './writes.ts'

export type { WatchLine } from './watch-stream.ts'

export interface SimRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With its query. */
  readonly path: string
  readonly body?: string
  readonly contentType?: string
  readonly accept?: string
}

export interface SimAnswer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export interface SimApiServerOptions {
  readonly now: () => number
  readonly nextUid: () => string
  /** 24 has no generation of Pods. */
  readonly kubernetesMinor?: number
}

export interface WatchHandle {
  cancel(): void
  /** Says how far this watch has got, as a real server does about once a minute. */
  bookmark(): void
}

export interface ServerChange {
  readonly resource: string
  readonly type: ChangeType
  readonly object: unknown
  readonly before?: unknown
}

const HEADERS = { 'content-type': 'application/json' }
/** No server lags behind by more. */
const REMEMBERED_MS = 120_000
const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

export class SimApiServer {
  readonly kubernetesMinor: number
  readonly #options: SimApiServerOptions
  readonly #commits = new Commits()
  readonly #writes: Writes
  readonly #streams = new Set<WatchStream>()
  /** Versions of the last minutes, and since when each was the newest. */
  readonly #versions: { readonly atMs: number; readonly version: number }[] = []
  #suffixes = 0

  constructor(options: SimApiServerOptions) {
    this.#options = options
    this.kubernetesMinor = options.kubernetesMinor ?? 36
    const context = () => ({ nowMs: options.now(), minor: this.kubernetesMinor, nextSuffix: () => this.#nextSuffix() })
    this.#writes = new Writes({ commits: this.#commits, nextUid: options.nextUid, context })
    this.#commits.onCommit(change => {
      this.#note(change.version)
      for (const stream of this.#streams) stream.offer(change)
    })
    for (const name of NAMESPACES) this.#create('/api/v1/namespaces', { metadata: { name } })
  }

  /**
   * One atomic, synchronous step: the answer as the real server would give it.
   * @param lagMs how far the server that was asked is behind; only lists that take any version (`resourceVersion=0`) show it
   */
  call(request: SimRequest, lagMs = 0): SimAnswer {
    try {
      return this.#call(request, lagMs)
    } catch (error) {
      return refused(error)
    }
  }

  /**
   * From the named version on, each line at its commit. Refusals come as an answer; a version that is no longer known, as
   * on a real server, as an ERROR line and the end.
   */
  watch(path: string, accept: string | undefined, sink: WatchSink): WatchHandle | SimAnswer {
    try {
      return this.#watch(parseTarget(path), accept, sink)
    } catch (error) {
      return refused(error)
    }
  }

  /** Forgets history before now: older watches get 410 Expired. */
  compact(): void {
    this.#commits.compact()
  }

  /** By namespace and name. The objects are the server's own: not to be changed. */
  list<T>(resource: string): readonly T[] {
    return this.#commits.table(resource).objects() as unknown as readonly T[]
  }

  get<T>(resource: string, namespace: string, name: string): T | undefined {
    const kept = this.#commits.table(resource).get(namespace ? `${namespace}/${name}` : name)
    return kept?.object as T | undefined
  }

  /** Called after each commit, in order. */
  onCommit(listener: (change: ServerChange) => void): () => void {
    return this.#commits.onCommit(({ resource, type, kept, before }) =>
      listener({ resource: resource.plural, type, object: kept.object, ...(before && { before: before.object }) }),
    )
  }

  #call({ method, path, body, contentType, accept }: SimRequest, lagMs: number): SimAnswer {
    if (path === '/version') return this.#version()
    const target = parseTarget(path)
    if (method === 'GET')
      return target.name ? answer(readOne(this.#commits, target), accept) : this.#many(target, accept, lagMs)
    if (method === 'DELETE') return this.#delete(target, body ? parse(body) : {})
    const draft = parse(body ?? '')
    if (method === 'PATCH') return answer(this.#writes.patch(target, contentType, draft), accept)
    if (method === 'PUT') return this.#put(target, draft, accept)
    return this.#post(target, draft, accept)
  }

  #version(): SimAnswer {
    const body = JSON.stringify({
      major: '1',
      minor: `${this.kubernetesMinor}`,
      gitVersion: `v1.${this.kubernetesMinor}.0`,
    })
    return { status: 200, body, headers: HEADERS }
  }

  #many(target: Target, accept: string | undefined, lagMs: number): SimAnswer {
    const { resource, namespace, query } = target
    if (query.has('watch')) {
      selectorOf(resource, namespace, query)
      throw new Error(`${resource.plural} from ${versionAsked(target)}: watches are asked of watch()`)
    }
    const takesAny = query.get('resourceVersion') === '0' && lagMs > 0
    const version = takesAny ? this.#versionAt(this.#options.now() - lagMs) : undefined
    return { status: 200, body: readMany(this.#commits, target, { accept, version }), headers: HEADERS }
  }

  #note(version: number): void {
    const atMs = this.#options.now()
    this.#versions.push({ atMs, version })
    while (this.#versions[1] && this.#versions[1].atMs < atMs - REMEMBERED_MS) this.#versions.shift()
  }

  #versionAt(atMs: number): number | undefined {
    return this.#versions.findLast(known => known.atMs <= atMs)?.version
  }

  #post(target: Target, draft: Draft, accept: string | undefined): SimAnswer {
    if (target.subresource === 'binding') {
      this.#writes.bind(target, draft)
      return { status: 201, body: JSON.stringify({ ...success(), code: 201 }), headers: HEADERS }
    }
    if (target.name) throw notAllowed()
    refuseVersioned(draft)
    return answer(this.#writes.create(target, draft), accept, 201)
  }

  #put(target: Target, draft: Draft, accept: string | undefined): SimAnswer {
    const isNew = !this.#commits.table(target.resource.plural).get(placeOf(target))
    return answer(this.#writes.replace(target, draft), accept, isNew ? 201 : 200)
  }

  #delete(target: Target, options: Draft): SimAnswer {
    if (!target.name) throw notAllowed()
    const { resource, name } = target
    const object = deleteObject(this.#commits, target, options as DeleteOptions, this.#options.now())
    const { uid } = object.metadata
    const group = resource.group && { group: resource.group }
    const details = { name, ...group, kind: resource.plural, uid }
    const isLeft = this.#commits.table(resource.plural).get(placeOf(target)) !== undefined
    const body = resource.plural === 'pods' || isLeft ? object : { ...success(), details }
    return { status: 200, body: JSON.stringify(body), headers: HEADERS }
  }

  #watch(target: Target, accept: string | undefined, sink: WatchSink): WatchHandle {
    const { resource, namespace, query } = target
    const selects = selectorOf(resource, namespace, query)
    const table = this.#commits.table(resource.plural)
    const asked = versionAsked(target)
    const from = asked || this.#commits.version
    const stream = new WatchStream({ resource, selects, metadataOnly: asksMetadataOnly(accept) }, from, sink)
    const missed = table.since(from)
    if (!missed) {
      sink.line(errorLine(expired(`too old resource version: ${from} (${table.oldest})`).status))
      sink.end()
      return { cancel: () => undefined, bookmark: () => undefined }
    }
    if (asked === 0) for (const kept of table.sorted()) stream.add(kept)
    for (const change of missed) stream.offer(change)
    this.#streams.add(stream)
    return {
      cancel: () => this.#streams.delete(stream),
      bookmark: () => stream.bookmark(this.#commits.version),
    }
  }

  #create(path: string, draft: Draft): void {
    this.#writes.create(parseTarget(path), draft)
  }

  /** As the real server makes up names, but in turn: one run is as the other. */
  #nextSuffix(): string {
    const letters = 'bcdfghjklmnpqrstvwxz2456789'
    let rest = this.#suffixes++
    let suffix = ''
    for (let place = 0; place < 5; place += 1) {
      suffix = (letters[rest % letters.length] ?? 'b') + suffix
      rest = Math.floor(rest / letters.length)
    }
    return suffix
  }
}

const placeOf = ({ resource, namespace, name }: Target): string => (resource.namespaced ? `${namespace}/${name}` : name)

/** 0: any. */
function versionAsked({ query }: Target): number {
  const asked = query.get('resourceVersion') ?? ''
  if (/^\d*$/.test(asked)) return Number(asked)
  const told = JSON.stringify(asked)
  throw internal(`resourceVersion: Invalid value: ${told}: strconv.ParseUint: parsing ${told}: invalid syntax`)
}

const success = () => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' })

const answer = (kept: Kept, accept: string | undefined, status = 200): SimAnswer => ({
  status,
  body: asksMetadataOnly(accept) ? kept.metadataJson : kept.json,
  headers: HEADERS,
})

function refused(error: unknown): SimAnswer {
  if (!(error instanceof Refusal)) throw error
  return { status: error.code, body: JSON.stringify(error.status), headers: HEADERS }
}

function parse(body: string): Draft {
  try {
    const value: unknown = JSON.parse(body)
    if (isObject(value)) return value
  } catch {
    // Told below.
  }
  throw badRequest('the object provided is unrecognized')
}
