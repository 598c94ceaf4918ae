/** In place of the operator's API client: the same promises, and a network in between that breaks them as real ones do. */
import type { Api, ApiRequest, RequestBrake } from '../../../operator/kube/api-client.ts'
import { refusalOf } from '../../../operator/kube/api-error.ts'
import { ApiError, type Metrics } from '../../../reconcilers/ports.ts'
import type { SimAnswer, SimApiServer } from '../api/sim-api-server.ts'
import type { Faults } from '../faults/faults.ts'
import type { ProcessTime } from '../process-time.ts'
import type { SeededRng } from '../rng.ts'
import { expiredPage, inSmallPages } from './pages.ts'
import { type Trouble, troubleFor } from './trouble.ts'
import { WatchChannel } from './watch-channel.ts'

export interface DoorOptions {
  readonly server: SimApiServer
  readonly brake: RequestBrake
  readonly metrics: Metrics
  readonly time: ProcessTime
  readonly rng: SeededRng
  readonly faults: Faults
  readonly stop: AbortSignal
  /** The API server does not answer now. */
  readonly isOut: () => boolean
  /** The operator has decided on it. */
  readonly asks: (request: ApiRequest) => void
  /** Before a write is carried out; false: the process ends at this very moment, and the write with it. */
  readonly writes: (request: ApiRequest) => boolean
  /** After it was carried out, and before anybody was told. */
  readonly wrote: (request: ApiRequest, answer: SimAnswer) => void
  readonly answered: (request: ApiRequest, answer: SimAnswer | string) => void
}

const HALF_MIN_MS = 0.4
const HALF_MAX_MS = 6
const TIMEOUT_MS = 15_000
const LAG_MAX_MS = 60_000

export class Door implements Api {
  readonly #of: DoorOptions
  readonly #channels = new Set<WatchChannel>()

  constructor(options: DoorOptions) {
    this.#of = options
  }

  /** Watches that are open. */
  get watching(): number {
    return this.#channels.size
  }

  async send(request: ApiRequest): Promise<Buffer> {
    const answer = await this.#answered(request)
    if (answer.status >= 300) throw refusalOf({ ...answer, body: Buffer.from(answer.body) })
    return Buffer.from(answer.body)
  }

  async json<T>(request: ApiRequest): Promise<T> {
    const answer = await this.#answered(request)
    if (answer.status >= 300) throw refusalOf({ ...answer, body: Buffer.from(answer.body) })
    return JSON.parse(answer.body) as T
  }

  async stream(request: ApiRequest, onChunk: (chunk: Buffer) => void): Promise<void> {
    const { server, faults, rng, time, isOut, metrics } = this.#of
    await this.#passes(this.#halfMs(), request.signal)
    if (isOut()) throw noAnswer(request, 'connection refused')
    metrics.count('koupleless_api_requests_total', { verb: 'watch', resource: request.resource, code: '200' })
    const channel = new WatchChannel({ server, faults, rng, time, request, onChunk })
    this.#channels.add(channel)
    try {
      await channel.ended
    } catch (error) {
      throw error instanceof ApiError ? error : noAnswer(request, String(error))
    } finally {
      this.#channels.delete(channel)
    }
  }

  /** All watches end, as when the server behind them is restarted. */
  cutWatches(): void {
    for (const channel of this.#channels) channel.cut()
  }

  kill(): void {
    for (const channel of this.#channels) channel.abandon()
    this.#channels.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const channel of this.#channels) channel.cut()
  }

  async #answered(request: ApiRequest): Promise<SimAnswer> {
    const { brake, stop, metrics, time, asks } = this.#of
    asks(request)
    const waits = request.urgent || (request.low ? brake.takeLow(stop) : brake.tryTake() || brake.take(stop))
    if (!(await waits)) throw new ApiError(0, 'stopped before the request was sent')
    const { verb, resource, signal } = request
    const sentAtMs = time.now()
    const answer = await this.#exchange(request, signal)
    metrics.count('koupleless_api_requests_total', { verb, resource, code: String(answer.status) })
    metrics.observe('koupleless_api_request_seconds', (time.now() - sentAtMs) / 1_000, { verb, resource })
    return answer
  }

  async #exchange(request: ApiRequest, signal: AbortSignal | undefined): Promise<SimAnswer> {
    const { faults, rng, isOut, answered } = this.#of
    const trouble = troubleFor(request, faults)
    await this.#passes(this.#halfMs() + (trouble?.slowMs ?? 0), signal)
    if (isOut()) return this.#lost(request, 'connection refused', 0)
    if (trouble?.lost === 'request') return this.#lost(request, 'the request was lost', this.#patienceMs(trouble))
    const answer = trouble?.answer ?? (await this.#carriedOut(request))
    if (trouble?.lost === 'answer') return this.#lost(request, 'the answer was lost', this.#patienceMs(trouble))
    await this.#passes(rng.skewed(HALF_MIN_MS, HALF_MAX_MS), signal)
    answered(request, answer)
    return answer
  }

  async #carriedOut(request: ApiRequest): Promise<SimAnswer> {
    const { server, writes, wrote, faults } = this.#of
    if (request.method === 'GET') {
      const lagMs = faults.strikes('listLag') ? faults.rng('listLag').skewed(50, LAG_MAX_MS) : 0
      return expiredPage(request, faults) ?? server.call(inSmallPages(request, faults), lagMs)
    }
    if (!writes(request)) return new Promise(() => {})
    const answer = server.call(request)
    wrote(request, answer)
    return answer
  }

  /** A connection that was reset tells at once; one that hangs, after the time-out. */
  async #lost(request: ApiRequest, why: string, afterMs: number): Promise<never> {
    await this.#passes(afterMs, request.signal)
    this.#of.answered(request, why)
    this.#of.metrics.count('koupleless_api_requests_total', {
      verb: request.verb,
      resource: request.resource,
      code: '0',
    })
    throw noAnswer(request, why)
  }

  #patienceMs(trouble: Trouble): number {
    return trouble.hangs ? TIMEOUT_MS : 0
  }

  #halfMs(): number {
    return this.#of.rng.skewed(HALF_MIN_MS, HALF_MAX_MS)
  }

  #passes(ms: number, signal?: AbortSignal): Promise<void> {
    const { time } = this.#of
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel()
        reject(new ApiError(0, 'aborted'))
      }
      const cancel = time.after(ms, () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      })
      if (signal?.aborted) leave()
      else signal?.addEventListener('abort', leave, { once: true })
    })
  }
}

const noAnswer = ({ verb, resource }: ApiRequest, why: string): ApiError =>
  new ApiError(0, `${verb} ${resource}: no answer from the API server: ${why}`)
