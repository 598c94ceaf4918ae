/** For tests: an API server of one resource on loopback, that can also fail in every way a real one does. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import type { Credentials } from './credentials.ts'
import type { KubeObject } from './kube-object.ts'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Canned {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** `hang`: the request is taken and never answered; `cut`: its connection is closed instead. */
export type Reaction = Canned | 'hang' | 'cut'

export class FakeWatch {
  readonly query: URLSearchParams
  readonly #response: ServerResponse

  constructor(query: URLSearchParams, response: ServerResponse) {
    this.query = query
    this.#response = response
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded
  }

  send(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR', object: object): void {
    this.write(`${JSON.stringify({ type, object })}\n`)
  }

  write(text: string): void {
    this.#response.write(text)
  }

  end(): void {
    this.#response.end()
  }

  cut(): void {
    this.#response.destroy()
  }
}

export class FakeApi implements AsyncDisposable {
  readonly requests: SeenRequest[] = []
  readonly watches: FakeWatch[] = []
  /** What a LIST shows. */
  objects: readonly KubeObject[] = []
  resourceVersion = 100
  /** Instead of the usual answer, for the next requests in turn. */
  readonly next: Reaction[] = []
  /** Opened so far. */
  connections = 0
  readonly #server = createServer((request, response) => void this.#take(request, response))

  static async start(): Promise<FakeApi> {
    const api = new FakeApi()
    api.#server.on('connection', () => {
      api.connections += 1
    })
    api.#server.listen(0, '127.0.0.1')
    await once(api.#server, 'listening')
    return api
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get credentials(): Credentials {
    return { origin: this.origin, pathPrefix: '', headers: { authorization: 'Bearer one' }, tls: {} }
  }

  get kubeConfig(): KubeConfig {
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromClusterAndUser(
      { name: 'fake', server: this.origin, skipTLSVerify: false },
      { name: 'me', token: 'one' },
    )
    return kubeConfig
  }

  get lists(): readonly SeenRequest[] {
    return this.requests.filter(({ method, query }) => method === 'GET' && !query.has('watch'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://any')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', headers } = request
    this.requests.push({ method, path: pathname, query, headers, body: Buffer.concat(chunks).toString('utf8') })
    const reaction = this.next.shift()
    if (reaction === 'hang') return
    if (reaction === 'cut') request.socket.destroy()
    else if (reaction) answer(response, reaction)
    else if (query.has('watch')) this.watches.push(new FakeWatch(query, response))
    else answer(response, { status: 200, body: method === 'GET' ? this.#page(query) : {} })
  }

  #page(query: URLSearchParams): object {
    const limit = Number(query.get('limit') ?? 500)
    const from = Number(query.get('continue') ?? 0)
    const metadata = { resourceVersion: String(this.resourceVersion) }
    const left = this.objects.length - from - limit
    const items = this.objects.slice(from, from + limit)
    return { kind: 'List', items, metadata: { ...metadata, ...(left > 0 && { continue: String(from + limit) }) } }
  }
}

function answer(response: ServerResponse, { status, body = {}, headers = {} }: Canned): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
