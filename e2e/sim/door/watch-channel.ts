/** One open watch on its way to the operator: in order, late by what its server lags behind, and ended in one of several ways. */
import type { ApiRequest } from '../../../operator/kube/api-client.ts'
import { refusalOf } from '../../../operator/kube/api-error.ts'
import { ApiError } from '../../../reconcilers/ports.ts'
import type { SimApiServer } from '../api/sim-api-server.ts'
import type { Faults } from '../faults/faults.ts'
import type { ProcessTime } from '../process-time.ts'
import type { SeededRng } from '../rng.ts'

export interface WatchChannelOptions {
  readonly server: SimApiServer
  readonly faults: Faults
  readonly rng: SeededRng
  readonly time: ProcessTime
  readonly request: ApiRequest
  readonly onChunk: (chunk: Buffer) => void
}

const BOOKMARK_EVERY_MS = 60_000
/** As real servers do: whoever goes on from it finds its place still known. */
const LAST_BOOKMARK_BEFORE_END_MS = 2_000
const HOP_MIN_MS = 0.3
const HOP_MAX_MS = 4
/** A second API server may be behind etcd by this much and know nothing of it. */
const LAG_MAX_MS = 60_000

export class WatchChannel {
  readonly ended: Promise<void>
  readonly #of: WatchChannelOptions
  readonly #lagMs: number
  #arrivesAtMs = 0
  #isOver = false
  #end: () => void = () => {}
  #fail: (error: ApiError) => void = () => {}
  #cancel: () => void = () => {}

  constructor(options: WatchChannelOptions) {
    const { faults, request } = options
    this.#of = options
    this.#lagMs = faults.strikes('watchLag') ? faults.rng('watchLag').skewed(50, LAG_MAX_MS) : 0
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve
      this.#fail = reject
    })
    this.#open(request)
  }

  /** The connection is closed: in the middle of nothing, as a server that is restarted does. */
  cut(): void {
    const { faults } = this.#of
    const isClean = faults.healed || faults.rng('watchCut').chance(0.5)
    this.#over(isClean ? this.#end : () => this.#fail(new ApiError(0, 'watch: other side closed')))
  }

  /** Whoever listened is no more. */
  abandon(): void {
    this.#over(() => {})
  }

  #open({ path, accept, signal }: ApiRequest): void {
    const { server, time } = this.#of
    const sink = { line: (line: string) => this.#brings(line), end: () => this.#late(() => this.#over(this.#end)) }
    const handle = server.watch(path, accept, sink)
    if ('status' in handle) {
      this.#over(() => this.#fail(refusalOf({ ...handle, body: Buffer.from(handle.body) })))
      return
    }
    const seconds = Number(/[?&]timeoutSeconds=(\d+)/.exec(path)?.[1] ?? 1_800)
    const cancelEnd = time.after(seconds * 1_000, () => this.#over(this.#end))
    let cancelBookmark = (): void => {}
    const bookmark = (): void => {
      cancelBookmark = time.after(BOOKMARK_EVERY_MS, () => {
        handle.bookmark()
        bookmark()
      })
    }
    bookmark()
    const cancelLast = time.after(seconds * 1_000 - LAST_BOOKMARK_BEFORE_END_MS, () => handle.bookmark())
    const leave = (): void => this.#over(() => this.#fail(new ApiError(0, 'watch: aborted')))
    signal?.addEventListener('abort', leave, { once: true })
    this.#cancel = () => {
      handle.cancel()
      cancelEnd()
      cancelBookmark()
      cancelLast()
      signal?.removeEventListener('abort', leave)
    }
  }

  #brings(line: string): void {
    const chunk = Buffer.from(`${line}\n`)
    this.#late(() => {
      try {
        this.#of.onChunk(chunk)
      } catch (error) {
        this.#over(() => this.#fail(error instanceof ApiError ? error : new ApiError(0, String(error))))
      }
    })
  }

  #late(arrives: () => void): void {
    const { time, rng, faults } = this.#of
    const lagMs = faults.healed ? 0 : this.#lagMs
    this.#arrivesAtMs = Math.max(this.#arrivesAtMs, time.now() + lagMs + rng.skewed(HOP_MIN_MS, HOP_MAX_MS))
    time.after(this.#arrivesAtMs - time.now(), () => {
      if (!this.#isOver) arrives()
    })
  }

  #over(settle: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancel()
    settle()
  }
}
