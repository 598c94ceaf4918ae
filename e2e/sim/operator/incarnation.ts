/** One life of the operator: the production composition on virtual time, from its start to its last moment. */
import { KubeConfig } from '@kubernetes/client-node'
import { type Composition, compose, type Foundation } from '../../../operator/compose.ts'
import type { Config } from '../../../operator/config.ts'
import type { ApiRequest } from '../../../operator/kube/api-client.ts'
import { Opened } from '../../../operator/opened.ts'
import { operate } from '../../../operator/run.ts'
import type { Log, Metrics } from '../../../reconcilers/ports.ts'
import type { SimAnswer, SimApiServer } from '../api/sim-api-server.ts'
import { Door } from '../door/door.ts'
import type { Faults } from '../faults/faults.ts'
import type { SimBroker } from '../network/broker.ts'
import type { Frame } from '../network/connection.ts'
import { OperatorLink } from '../network/operator-link.ts'
import { ProcessTime } from '../process-time.ts'
import type { SeededRng } from '../rng.ts'
import type { VirtualTime } from '../virtual-time.ts'

export interface Watchers {
  /** What the operator has decided on, before it is on its way. */
  readonly asks: (request: ApiRequest) => void
  /** Each command or write, before it takes effect; false ends the process there and then. */
  readonly before: (effect: Effect) => boolean
  /** After it took effect, before the process knows. */
  readonly after: (effect: Effect, answer?: SimAnswer) => void
  readonly hears: (frame: Frame, retained: boolean) => void
  /** After it was taken in. */
  readonly heard: (frame: Frame, retained: boolean) => void
  readonly answered: (request: ApiRequest, answer: SimAnswer | string) => void
  readonly failed: (error: unknown) => void
}

/** What an operator does to the world. */
export type Effect =
  | { readonly kind: 'write'; readonly request: ApiRequest }
  | { readonly kind: 'send'; readonly frame: Frame; readonly retain: boolean }

export interface IncarnationOptions {
  readonly name: string
  readonly config: Config
  readonly time: VirtualTime
  readonly rng: SeededRng
  readonly faults: Faults
  readonly server: SimApiServer
  readonly broker: SimBroker
  readonly isApiOut: () => boolean
  /** Its clock is ahead of the world's. */
  readonly aheadMs?: number
  readonly log: Log
  readonly metrics: Metrics
  readonly watchers: Watchers
}

/** The signal handler of the real process gives up waiting then. */
const CLOSE_WITHIN_MS = 1_800

export class Incarnation {
  readonly time: ProcessTime
  readonly composition: Composition
  readonly startedAtMs: number
  readonly #of: IncarnationOptions
  readonly #foundation: Foundation
  readonly #link: OperatorLink
  readonly #stop = new AbortController()
  readonly #apiStop = new AbortController()
  readonly #opened: Opened
  #door: Door | undefined

  constructor(options: IncarnationOptions) {
    const { time, rng, broker, config, log } = options
    this.#of = options
    this.time = new ProcessTime(time, options.aheadMs)
    this.startedAtMs = time.now()
    this.#opened = new Opened(log)
    this.#opened.onClose('requests', () => this.#apiStop.abort(new Error('stopped')))
    const { before, after, hears, heard } = options.watchers
    this.#link = new OperatorLink({
      broker,
      time: this.time,
      rng: rng.fork('link'),
      clientId: config.mqttClientId,
      leaves: (frame, retain) => this.time.alive && before({ kind: 'send', frame, retain }) && this.time.alive,
      left: frame => after({ kind: 'send', frame, retain: false }),
      hears,
      heard,
    })
    this.#foundation = this.#newFoundation()
    this.composition = compose(this.#foundation)
  }

  get clientId(): string {
    return this.#of.config.clientId
  }

  get mqttClientId(): string {
    return this.#of.config.mqttClientId
  }

  get alive(): boolean {
    return this.time.alive
  }

  start(): void {
    const { watchers } = this.#of
    const surroundings = {
      transport: this.#link,
      opened: this.#opened,
      progress: { started: false },
      stop: this.#stop.signal,
    }
    operate(this.#foundation, this.composition, surroundings).catch(watchers.failed)
  }

  cutWatches(): void {
    this.#door?.cutWatches()
  }

  /** SIGKILL. */
  kill(): void {
    this.time.kill()
    this.#door?.kill()
    this.#link.kill()
  }

  /** SIGTERM: resolves when the process has ended. */
  async stop(): Promise<void> {
    const late = new AbortController()
    this.#stop.abort()
    await Promise.race([this.#opened[Symbol.asyncDispose](), this.#of.time.sleep(CLOSE_WITHIN_MS, late.signal)])
    late.abort()
    this.kill()
  }

  #newFoundation(): Foundation {
    const { name, config, rng, log, metrics } = this.#of
    let count = 0
    return {
      config,
      kubeConfig: new KubeConfig(),
      clock: this.time,
      rng: rng.fork('rng'),
      log,
      metrics: { count: (...of) => metrics.count(...of), observe: (...of) => metrics.observe(...of), read: () => {} },
      nextId: () => `${name}-${(count++).toString(36)}`,
      // Which run a line belongs to nobody asks, and to follow it through every promise costs half the speed.
      runs: { run: (_fields, work) => work(), exit: work => work() },
      apiStop: this.#apiStop.signal,
      openApi: brake => this.#openDoor(brake),
    }
  }

  #openDoor(brake: Parameters<Foundation['openApi']>[0]): Door {
    const { server, rng, faults, metrics, isApiOut, watchers } = this.#of
    this.#door = new Door({
      server,
      brake,
      metrics,
      time: this.time,
      rng: rng.fork('door'),
      faults,
      stop: this.#apiStop.signal,
      isOut: isApiOut,
      asks: request => this.time.alive && watchers.asks(request),
      writes: request => this.time.alive && watchers.before({ kind: 'write', request }) && this.time.alive,
      wrote: (request, answer) => watchers.after({ kind: 'write', request }, answer),
      answered: watchers.answered,
    })
    return this.#door
  }
}
