/** All requests to the API server: pooled, timed, counted, braked; every failure is an ApiError. */
import { ApiError, type Clock, type Log, type Metrics } from '../../reconcilers/ports.ts'
import { asApiError, refusalOf } from './api-error.ts'
import { type Credentials, sameConnection } from './credentials.ts'
import { type Answer, exchange } from './exchange.ts'
import { openPools, type Pools } from './pools.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** For the metrics. */
  readonly verb: Verb
  readonly resource: string
  readonly body?: string
  readonly contentType?: string
  readonly accept?: string
  readonly signal?: AbortSignal
  /** Goes after all others: Events and what is only nice to have. */
  readonly low?: true
  /** Waits for no brake and no connection: our own membership, by which others know that we live. */
  readonly urgent?: true
}

/** `take` and `takeLow` of the loop's token bucket. */
export interface RequestBrake {
  tryTake(): boolean
  take(signal: AbortSignal): Promise<boolean>
  takeLow(signal: AbortSignal): Promise<boolean>
}

export interface ApiClientOptions {
  readonly credentials: () => Promise<Credentials>
  readonly brake: RequestBrake
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Log
  /** Aborts what waits for the brake; what runs is ended by disposing. */
  readonly signal: AbortSignal
  readonly connectionsMax?: number
  readonly timeoutMs?: number
}

interface Connection extends Pools {
  readonly credentials: Credentials
  readonly readAtMs: number
}

/** What the parts ask the API server through. */
export type Api = Pick<ApiClient, 'send' | 'json' | 'stream'> & AsyncDisposable

const CREDENTIALS_MAX_AGE_MS = 30_000

export class ApiClient implements AsyncDisposable {
  readonly #options: ApiClientOptions
  #connection: Connection | undefined
  #reading: Promise<Connection> | undefined

  constructor(options: ApiClientOptions) {
    this.#options = options
  }

  /** @throws ApiError, also for each status of 300 and above */
  async send(request: ApiRequest): Promise<Buffer> {
    const { clock } = this.#options
    if (!(await this.#maySend(request))) throw new ApiError(0, 'stopped before the request was sent')
    const sentAtMs = clock.now()
    try {
      const answer = await this.#exchange(request)
      this.#account(request, answer.status, sentAtMs)
      if (answer.status >= 300) throw this.#refused(answer)
      return answer.body
    } catch (error) {
      if (!(error instanceof ApiError)) this.#account(request, 0, sentAtMs)
      throw asApiError(error, request)
    }
  }

  #maySend({ low, urgent }: ApiRequest): boolean | Promise<boolean> {
    const { brake, signal } = this.#options
    if (urgent) return true
    return low ? brake.takeLow(signal) : brake.tryTake() || brake.take(signal)
  }

  async json<T>(request: ApiRequest): Promise<T> {
    const body = await this.send(request)
    try {
      return JSON.parse(body.toString('utf8')) as T
    } catch {
      throw new ApiError(0, `${request.verb} ${request.resource}: the answer is no JSON`)
    }
  }

  /** A GET whose body goes on for minutes, chunk by chunk; ends when the server ends it. */
  async stream(request: ApiRequest, onChunk: (chunk: Buffer) => void): Promise<void> {
    const { clock } = this.#options
    const sentAtMs = clock.now()
    try {
      const { watchPool, credentials } = await this.#connected()
      const { statusCode, headers, body } = await watchPool.request({
        origin: credentials.origin,
        method: 'GET',
        path: credentials.pathPrefix + request.path,
        headers: headersOf(request, credentials),
        ...(request.signal && { signal: request.signal }),
      })
      this.#account(request, statusCode, sentAtMs)
      if (statusCode >= 300) throw this.#refused({ status: statusCode, headers, body: Buffer.from(await body.bytes()) })
      for await (const chunk of body) onChunk(chunk as Buffer)
    } catch (error) {
      throw asApiError(error, request)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    if (connection) await destroy(connection)
  }

  async #exchange(request: ApiRequest): Promise<Answer> {
    const { pool, watchPool, credentials } = this.#fresh() ?? (await this.#connected())
    const { method, path, body, urgent } = request
    const options = {
      origin: credentials.origin,
      method,
      path: credentials.pathPrefix + path,
      headers: headersOf(request, credentials),
      body: body ?? null,
    }
    // In the other pool it would wait behind all that the bases have us write.
    return exchange(urgent ? watchPool : pool, options, request.signal)
  }

  #refused(answer: Answer): ApiError {
    // A token may have been renewed since we read it.
    if (answer.status === 401 && this.#connection) this.#connection = { ...this.#connection, readAtMs: 0 }
    return refusalOf(answer)
  }

  #account({ verb, resource }: ApiRequest, status: number, sentAtMs: number): void {
    const { metrics, clock } = this.#options
    metrics.count('koupleless_api_requests_total', { verb, resource, code: String(status) })
    if (verb === 'watch') return
    metrics.observe('koupleless_api_request_seconds', Math.max(0, clock.now() - sentAtMs) / 1_000, { verb, resource })
  }

  #fresh(): Connection | undefined {
    const connection = this.#connection
    const isFresh = connection && this.#options.clock.now() - connection.readAtMs < CREDENTIALS_MAX_AGE_MS
    return isFresh ? connection : undefined
  }

  async #connected(): Promise<Connection> {
    const fresh = this.#fresh()
    if (fresh) return fresh
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<Connection> {
    const before = this.#connection
    const credentials = await this.#readCredentials(before)
    const readAtMs = this.#options.clock.now()
    if (before && sameConnection(before.credentials, credentials)) {
      this.#connection = { ...before, credentials, readAtMs }
      return this.#connection
    }
    // Running calls finish on their own pool; running watches end with their time-out and begin anew on the next.
    if (before) void close(before)
    const { connectionsMax = 16, timeoutMs = 15_000 } = this.#options
    this.#connection = { credentials, ...openPools(credentials, { connectionsMax, timeoutMs }), readAtMs }
    return this.#connection
  }

  /** A file that is half written, or a plugin that fails now: what worked until now may work a while longer. */
  async #readCredentials(before: Connection | undefined): Promise<Credentials> {
    try {
      return await this.#options.credentials()
    } catch (error) {
      if (!before) throw error
      this.#options.log.warn('credentials not read, the former are kept', { error: String(error) })
      return before.credentials
    }
  }
}

function headersOf({ accept, contentType }: ApiRequest, { headers }: Credentials): Record<string, string> {
  const type = contentType === undefined ? {} : { 'content-type': contentType }
  return { accept: accept ?? 'application/json', 'user-agent': 'koupleless-module-controller', ...headers, ...type }
}

const settle = (closings: readonly Promise<void>[]): Promise<unknown> => Promise.allSettled(closings)
const close = ({ pool, watchPool }: Pools): Promise<unknown> => settle([pool.close(), watchPool.close()])
const destroy = ({ pool, watchPool }: Pools): Promise<unknown> => settle([pool.destroy(), watchPool.destroy()])
