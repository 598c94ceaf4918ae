import { type BaseOptions, type Identity, identityOf } from './base-options.ts'
import { BaseProcess } from './base-process.ts'
import { Behaviour, type Pace } from './behaviour.ts'
import type { Clock } from './clock.ts'
import type { OpenLink } from './link.ts'
import { type GivenAnswer, givenAnswer, type ReceivedCommand, receivedCommand } from './record.ts'

export interface ListedBiz {
  readonly name: string
  readonly version: string
  readonly state: 'resolved' | 'activated' | 'deactivated' | 'broken'
}

/** A restart brings another machine, another address, another release: what may differ in the next process. */
export type RestartOptions = Partial<
  Pick<BaseOptions, 'ip' | 'hostName' | 'identity' | 'version' | 'staticModules'>
> & {
  /** How long the base is away. Default 0. */
  readonly downMs?: number
}

interface Surroundings {
  readonly clock: Clock
  readonly openLink: OpenLink
  readonly random: () => number
}

const KEPT_COMMANDS = 5_000
type Hearing = 'hears' | 'deaf' | 'paused'

/** A base that tests, benches and people hold in their hands. */
export class SimulatedBase implements AsyncDisposable {
  /** The newest commands, oldest first; health and queryAllBiz are only counted, in `questionsReceived`. */
  readonly commandsReceived: ReceivedCommand[] = []
  readonly questionsReceived = { health: 0, queryAllBiz: 0 }
  readonly behaviour: Behaviour
  readonly #surroundings: Surroundings
  readonly #commandListeners = new Set<(command: ReceivedCommand) => void>()
  readonly #answerListeners = new Set<(answer: GivenAnswer) => void>()
  readonly #held: { verb: string; payload: Uint8Array; retained: boolean }[] = []
  #options: BaseOptions
  #who: Identity
  #process: BaseProcess | undefined
  #hearing: Hearing = 'hears'

  constructor(options: BaseOptions, surroundings: Surroundings) {
    this.#options = options
    this.#who = identityOf(options)
    this.#surroundings = surroundings
    this.behaviour = new Behaviour(options, surroundings.random)
  }

  get identity(): string {
    return this.#who.identity
  }

  get ip(): string {
    return this.#who.ip
  }

  get metadata(): Identity {
    return this.#who
  }

  get alive(): boolean {
    return this.#process !== undefined
  }

  get connected(): boolean {
    return this.#process?.connected ?? false
  }

  get beating(): boolean {
    return this.#hearing !== 'paused' && (this.#process?.beating ?? false)
  }

  /** In the order a real base lists them. */
  bizs(): readonly ListedBiz[] {
    const bizs = this.#process?.arklet.ark.bizs ?? []
    return bizs.map(({ name, version, state }) => ({
      name,
      version,
      state: state.toLowerCase() as ListedBiz['state'],
    }))
  }

  /**
   * Who answers HTTP at that path: `name:version` of a module, or `base`, which has all that no module has. Undefined: nobody,
   * for it is dead or has no web server. Frozen or cut off from its broker it would answer so.
   */
  answersAt(path: string): string | undefined {
    const who = this.#process?.arklet.answersAt(path)
    return typeof who === 'object' ? `${who.name}:${who.version}` : who
  }

  /** Resolves when it has connected, subscribed and sent its queryBaseline. Rejects where no broker listens. */
  start(): Promise<this> {
    if (this.#process) return Promise.reject(new Error(`base ${this.identity} runs already`))
    const { clock, openLink } = this.#surroundings
    const process = new BaseProcess({
      options: this.#options,
      who: this.#who,
      behaviour: this.behaviour,
      clock,
      openLink,
      onCommand: (verb, payload, retained) => this.#received(verb, payload, retained),
      onPublish: (what, data) => this.#said(what, data),
    })
    this.#process = process
    this.#hearing = 'hears'
    return new Promise((resolve, reject) => {
      process.start(error => (error ? reject(error) : resolve(this)))
    })
  }

  /** kill -9: no farewell, no will. SIGTERM looks the same on the wire. */
  kill(): void {
    this.#process?.kill()
    this.#process = undefined
    this.#held.length = 0
  }

  /** A new process: no modules, run time from zero, queryBaseline again. Hung downloads are over. */
  async restart({ downMs = 0, ...changes }: RestartOptions = {}): Promise<this> {
    this.kill()
    this.#options = { ...this.#options, ...changes }
    this.#who = identityOf(this.#options)
    if (downMs > 0) await new Promise<void>(resolve => this.#surroundings.clock.after(downMs, resolve))
    return this.start()
  }

  /** Takes commands and never answers, as with five hung downloads; its heart goes on. */
  deaf(): void {
    this.#hearing = 'deaf'
  }

  /** As SIGSTOP: no beat, no answer, the connection stands; what comes meanwhile is done on `resume`. */
  pause(): void {
    if (this.beating) this.#process?.stopBeating()
    this.#hearing = 'paused'
  }

  /** Ends `deaf`, `pause` and `stopBeating`. */
  resume(): void {
    const wasPaused = this.#hearing === 'paused'
    this.#hearing = 'hears'
    if (wasPaused || !this.beating) this.startBeating()
    for (const { verb, payload, retained } of this.#held.splice(0)) this.#process?.receive(verb, payload, retained)
  }

  stopBeating(): void {
    this.#process?.stopBeating()
  }

  startBeating(): void {
    this.#process?.startBeating()
  }

  /** Cuts the network, until `rejoin`; the base notices that it is back when its doubling delay is over. */
  cutOff(): void {
    this.#process?.cutOff()
  }

  rejoin(): void {
    this.#process?.rejoin()
  }

  /** From now on main of this biz throws `message`. */
  refuse(bizName: string, message?: string): void {
    this.behaviour.refuse(bizName, message)
  }

  hang(urlOrBizName: string): void {
    this.behaviour.hang(urlOrBizName)
  }

  accept(urlOrBizName: string): void {
    this.behaviour.accept(urlOrBizName)
  }

  setInstallMs(pace: Pace): void {
    this.behaviour.installMs = pace
  }

  setUninstallMs(pace: Pace): void {
    this.behaviour.uninstallMs = pace
  }

  /** Every message that reaches the base, questions too. Returns how to stop listening. */
  onCommand(listener: (command: ReceivedCommand) => void): () => void {
    this.#commandListeners.add(listener)
    return () => this.#commandListeners.delete(listener)
  }

  /** Every answer that it gave, though it may have had no connection to give it on. */
  onAnswer(listener: (answer: GivenAnswer) => void): () => void {
    this.#answerListeners.add(listener)
    return () => this.#answerListeners.delete(listener)
  }

  close(): void {
    this.kill()
    this.#commandListeners.clear()
    this.#answerListeners.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #received(verb: string, payload: Uint8Array, retained: boolean): boolean {
    if (this.#hearing === 'paused') {
      this.#held.push({ verb, payload, retained })
      return false
    }
    this.#log(verb, payload, retained)
    return this.#hearing === 'hears'
  }

  #log(verb: string, payload: Uint8Array, retained: boolean): void {
    const isQuestion = verb === 'health' || verb === 'queryAllBiz'
    if (isQuestion) this.questionsReceived[verb]++
    if (isQuestion && this.#commandListeners.size === 0) return
    const command = receivedCommand(verb, payload, { retained, atMs: this.#surroundings.clock.now() })
    if (!isQuestion) this.commandsReceived.push(command)
    if (this.commandsReceived.length > KEPT_COMMANDS) this.commandsReceived.shift()
    for (const listener of this.#commandListeners) listener(command)
  }

  #said(what: string, data: unknown): void {
    if (this.#answerListeners.size === 0 || what !== 'bizOperation') return
    const answer = givenAnswer(data, this.#surroundings.clock.now())
    for (const listener of this.#answerListeners) listener(answer)
  }
}
