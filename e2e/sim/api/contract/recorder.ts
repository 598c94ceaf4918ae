/** Speaks to one server and keeps what it said, without what no two servers say alike. */
import type { SimAnswer, SimRequest } from '../sim-api-server.ts'
import { Normaliser } from './normaliser.ts'

export interface ContractWatch {
  /** The next line, or undefined when the watch has ended. */
  next(): Promise<string | undefined>
  cancel(): void
}

export interface ContractServer {
  send(request: SimRequest): Promise<SimAnswer>
  /** What a watch sends, from the moment at which the server has taken it. */
  watch(path: string, accept?: string): Promise<ContractWatch>
  /** From now on nothing is known of what changed before. */
  forget(): Promise<void>
}

export interface Step {
  readonly asked: string
  readonly status?: number
  readonly said: unknown
}
export type Transcript = readonly Step[]

export interface ContractCase {
  readonly name: string
  readonly run: (api: Recorder) => Promise<void>
}

/** As the server said it. */
export interface Said {
  readonly status: number
  readonly object: Kubernetes
}

export interface Kubernetes {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly generation?: number
    readonly continue?: string
  }
  readonly items: readonly Kubernetes[]
  readonly message?: string
  readonly [field: string]: unknown
}

const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
export const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
export const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

export class Recorder {
  readonly namespace: string
  readonly #server: ContractServer
  readonly #steps: Step[] = []
  readonly #normaliser: Normaliser

  constructor(server: ContractServer, namespace: string) {
    this.#server = server
    this.namespace = namespace
    this.#normaliser = new Normaliser(namespace)
  }

  get steps(): Transcript {
    return this.#steps
  }

  get pods(): string {
    return `/api/v1/namespaces/${this.namespace}/pods`
  }

  get leases(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.namespace}/leases`
  }

  get configMaps(): string {
    return `/api/v1/namespaces/${this.namespace}/configmaps`
  }

  get apps(): string {
    return `/apis/apps/v1/namespaces/${this.namespace}`
  }

  /** A name that no other case gives to what has no namespace. */
  node(name: string): string {
    return `${this.namespace}-${name}`
  }

  get(path: string, accept?: string): Promise<Said> {
    return this.#said({ method: 'GET', path, ...(accept !== undefined && { accept }) })
  }

  post(path: string, body: object, accept?: string): Promise<Said> {
    return this.#said(this.#request('POST', path, body, { contentType: 'application/json', accept }))
  }

  put(path: string, body: object): Promise<Said> {
    return this.#said(this.#request('PUT', path, body, { contentType: 'application/json' }))
  }

  merge(path: string, body: object, accept?: string): Promise<Said> {
    return this.#said(this.#request('PATCH', path, body, { contentType: MERGE, accept }))
  }

  strategic(path: string, body: object, accept?: string): Promise<Said> {
    return this.#said(this.#request('PATCH', path, body, { contentType: STRATEGIC, accept }))
  }

  delete(path: string, options: object = {}): Promise<Said> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options }
    return this.#said(this.#request('DELETE', path, body, { contentType: 'application/json' }))
  }

  raw(request: SimRequest): Promise<Said> {
    return this.#said(request)
  }

  async watch(path: string, accept?: string): Promise<RecordedWatch> {
    const watch = await this.#server.watch(path, accept)
    return new RecordedWatch(watch, this.#normaliser, (said: unknown) =>
      this.#steps.push({ asked: this.#normaliser.text(`WATCH ${path}`), said }),
    )
  }

  forget(): Promise<void> {
    return this.#server.forget()
  }

  #request(
    method: SimRequest['method'],
    path: string,
    body: object,
    { accept, contentType }: { accept?: string | undefined; contentType: string },
  ): SimRequest {
    return { method, path, body: JSON.stringify(body), contentType, ...(accept !== undefined && { accept }) }
  }

  async #said(request: SimRequest): Promise<Said> {
    const { status, body } = await this.#server.send(request)
    const object = JSON.parse(body) as Kubernetes
    const asked = this.#normaliser.text(`${request.method} ${request.path}`)
    this.#steps.push({ asked, status, said: this.#normaliser.value(object) })
    return { status, object }
  }
}

export class RecordedWatch {
  readonly #watch: ContractWatch
  readonly #normaliser: Normaliser
  readonly #keep: (said: unknown) => void

  constructor(watch: ContractWatch, normaliser: Normaliser, keep: (said: unknown) => void) {
    this.#watch = watch
    this.#normaliser = normaliser
    this.#keep = keep
  }

  /** So many lines are awaited and kept. */
  async take(count: number): Promise<readonly { readonly type: string; readonly object: Kubernetes }[]> {
    const events: { type: string; object: Kubernetes }[] = []
    for (let at = 0; at < count; at += 1) {
      const line = await this.#watch.next()
      if (line === undefined) throw new Error(`the watch ended after ${at} of ${count} lines`)
      events.push(JSON.parse(line) as { type: string; object: Kubernetes })
    }
    this.#keep(this.#normaliser.value(events))
    return events
  }

  async end(): Promise<void> {
    const line = await this.#watch.next()
    if (line !== undefined) throw new Error(`the watch goes on: ${line}`)
  }

  cancel(): void {
    this.#watch.cancel()
  }
}
