/** Where the operator runs: starts it, and starts it again, whatever ended it. */
import { baseId } from '../../../mqtt-bridge/index.ts'
import type { Composition } from '../../../operator/compose.ts'
import type { World } from '../world.ts'
import { configOf } from '../world.ts'
import { Incarnation, type Watchers } from './incarnation.ts'
import { quietMetrics, tracedLog } from './witness.ts'

export interface OperatorHostOptions {
  readonly world: World
  /** Of several operators in one world each has a name of its own. */
  readonly name: string
  readonly watchers: Watchers
  /** The next one is about to begin. */
  readonly started: () => void
  /** An error that the operator logs is a bug, whatever it says. */
  readonly logsError: (message: string, fields: unknown) => void
  /** One of several; absent: it is alone, and knows it. */
  readonly replica?: {
    /** The API server does not answer this one. */
    readonly isCutOff: () => boolean
    readonly aheadMs: number
    /** Started again it bears the same name, as a container in one Pod does. */
    readonly keepsName: boolean
  }
}

export class OperatorHost {
  readonly #of: OperatorHostOptions
  #current: Incarnation | undefined
  #starts = 0
  #stopping: Promise<void> | undefined

  constructor(options: OperatorHostOptions) {
    this.#of = options
  }

  /** The one that lives. */
  get current(): Incarnation | undefined {
    return this.#current?.alive ? this.#current : undefined
  }

  get composition(): Composition | undefined {
    return this.current?.composition
  }

  /** By which the broker knows it. */
  get clientId(): string {
    return this.#current?.mqttClientId ?? ''
  }

  knows(identity: string): boolean {
    return this.composition?.registry.get(baseId(identity)) !== undefined
  }

  start(): void {
    if (this.current) return
    const { world, name, watchers, logsError, started, replica } = this.#of
    const { time, server, broker, faults, trace } = world
    const life = `${name}${this.#starts++}`
    trace.say('O', life, 'starts')
    this.#current = new Incarnation({
      name: life,
      config: configOf(replica?.keepsName ? name : life, replica !== undefined),
      time,
      rng: world.rng.fork(`operator ${life}`),
      faults,
      server,
      broker,
      isApiOut: () => world.isApiOut || (replica?.isCutOff() ?? false),
      aheadMs: replica?.aheadMs ?? 0,
      log: tracedLog(trace, life, logsError),
      metrics: quietMetrics,
      watchers,
    })
    started()
    this.#current.start()
  }

  /** SIGKILL, and after that the time until somebody starts it again. */
  kill(downMs: number, why: string): void {
    const { world, name } = this.#of
    if (!this.#current?.alive) return
    world.trace.say('O', name, `is killed: ${why}`)
    this.#current.kill()
    world.time.after(downMs, () => this.start())
  }

  /** SIGTERM; the next starts when this one has ended, as a rollout of one replica does it. */
  restart(downMs: number): void {
    const ending = this.current
    if (!ending || this.#stopping) return
    const { world, name } = this.#of
    world.trace.say('O', name, 'is told to stop')
    ending.time.resume()
    this.#stopping = ending.stop().then(() => {
      this.#stopping = undefined
      world.trace.say('O', name, 'has stopped')
      world.time.after(downMs, () => this.start())
    })
  }

  pause(ms: number): void {
    const paused = this.current
    if (!paused || paused.time.paused || this.#stopping) return
    const { world, name } = this.#of
    world.trace.say('O', name, `stands still for ${Math.round(ms)} ms`)
    paused.time.pause()
    world.time.after(ms, () => paused.time.resume())
  }

  /** Runs, and goes on running. */
  heal(): void {
    this.current?.time.resume()
    if (!this.#stopping) this.start()
  }
}
