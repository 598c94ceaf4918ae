/** The whole operator on virtual time, between an API server and a broker that say whatever they are told to say. */
import { setImmediate } from 'node:timers/promises'
import { KubeConfig } from '@kubernetes/client-node'
import type { Transport, TransportEvents } from '../../mqtt-bridge/index.ts'
import { type Composition, compose, type Foundation } from '../../operator/compose.ts'
import type { Config } from '../../operator/config.ts'
import type { Api, ApiRequest } from '../../operator/kube/api-client.ts'
import { Opened } from '../../operator/opened.ts'
import { operate } from '../../operator/run.ts'
import type { Log, Metrics } from '../../reconcilers/ports.ts'
import { ProcessTime } from '../sim/process-time.ts'
import { VirtualTime } from '../sim/virtual-time.ts'
import { configOf } from '../sim/world.ts'

export interface Surroundings {
  readonly log: Log
  readonly metrics: Metrics
  /** The body of an answer. @throws ApiError */
  readonly answer: (request: ApiRequest) => string
  /** All that a watch shows. */
  readonly watched: (request: ApiRequest) => readonly Buffer[]
  readonly config?: Partial<Config>
  /** What it publishes, as it leaves. */
  readonly published?: (topic: string) => void
}

export class AnOperator implements AsyncDisposable {
  readonly time = new VirtualTime()
  readonly composition: Composition
  readonly requests: ApiRequest[] = []
  failure: unknown
  readonly #process = new ProcessTime(this.time)
  readonly #of: Surroundings
  readonly #stop = new AbortController()
  readonly #opened: Opened
  #events: TransportEvents | undefined

  constructor(surroundings: Surroundings) {
    this.#of = surroundings
    const { log, metrics } = surroundings
    this.#opened = new Opened(log)
    let ids = 0
    const foundation: Foundation = {
      config: { ...configOf('fuzz'), ...surroundings.config },
      kubeConfig: new KubeConfig(),
      clock: this.#process,
      rng: { next: () => 0.5 },
      log,
      metrics: { ...metrics, read: () => undefined },
      nextId: () => `run-${ids++}`,
      runs: { run: (_fields, work) => work(), exit: work => work() },
      apiStop: this.#stop.signal,
      openApi: () => this.#api(),
    }
    this.composition = compose(foundation)
    operate(foundation, this.composition, {
      transport: this.#transport(),
      opened: this.#opened,
      progress: { started: false },
      stop: this.#stop.signal,
    }).catch((error: unknown) => {
      this.failure = error
    })
  }

  /** Alarms that it has set. */
  get alarms(): number {
    return this.#process.pending
  }

  hear(topic: string, payload: string): void {
    this.#events?.onFrame({ topic, payload: Buffer.from(payload), retained: false })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#process.kill()
    await setImmediate()
  }

  #transport(): Transport {
    return {
      start: (_topics, events) => {
        this.#events = events
        events.onUp()
      },
      publish: async topic => this.#of.published?.(topic),
      findRetained: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  #api(): Api {
    const answered = (request: ApiRequest): string => {
      this.requests.push(request)
      return this.#of.answer(request)
    }
    return {
      send: async request => Buffer.from(answered(request)),
      json: async <T>(request: ApiRequest) => JSON.parse(answered(request)) as T,
      stream: async (request, onChunk) => {
        this.requests.push(request)
        for (const chunk of this.#of.watched(request)) onChunk(chunk)
        // Open until somebody ends it.
        await this.#process.sleep(3_600_000, request.signal ?? this.#stop.signal)
      },
      [Symbol.asyncDispose]: async () => undefined,
    }
  }
}
