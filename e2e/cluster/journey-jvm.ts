import type { ListedBiz, ReceivedCommand } from '../base-simulator/index.ts'
import type { Ear, Frame } from '../java-base/ear.ts'
import type { JarYard } from '../java-base/jar-yard.ts'
import { JavaBase, type JavaBaseOptions, type NextLife } from '../java-base/java-base.ts'
import { Wire } from '../java-base/wire.ts'
import type { Base } from './base.ts'
import { eventually } from './eventually.ts'

interface Surroundings {
  readonly brokerPort: number
  readonly ear: Ear
  readonly yard: JarYard
}

type Verb = 'installBiz' | 'uninstallBiz'

const HEART_EVERY_MS = 10_000
const GREETS_WITHIN_MS = 60_000
const QUESTIONS = ['health', 'queryAllBiz']

/** A JVM in the hands of a journey: on a wire that can be cut, with jars that can be spoiled for it alone. */
export class JourneyJvm implements Base, AsyncDisposable {
  readonly jvm: JavaBase
  readonly #wire: Wire
  readonly #around: Surroundings

  private constructor(jvm: JavaBase, wire: Wire, around: Surroundings) {
    this.jvm = jvm
    this.#wire = wire
    this.#around = around
  }

  /** Resolves when it has greeted. */
  static async start(options: Omit<JavaBaseOptions, 'brokerPort'>, around: Surroundings): Promise<JourneyJvm> {
    const base = await JourneyJvm.#on(await Wire.to(around.brokerPort), options, around)
    await base.#hasGreeted(0)
    return base
  }

  /** Resolves when it serves; it finds no broker until it may rejoin. */
  static async startCutOff(options: Omit<JavaBaseOptions, 'brokerPort'>, around: Surroundings): Promise<JourneyJvm> {
    const wire = await Wire.to(around.brokerPort)
    wire.cut()
    return JourneyJvm.#on(wire, options, around)
  }

  static async #on(
    wire: Wire,
    options: Omit<JavaBaseOptions, 'brokerPort'>,
    around: Surroundings,
  ): Promise<JourneyJvm> {
    try {
      return new JourneyJvm(await JavaBase.start({ ...options, brokerPort: wire.port }), wire, around)
    } catch (error) {
      await wire[Symbol.asyncDispose]()
      throw error
    }
  }

  get identity(): string {
    return this.jvm.identity
  }

  get ip(): string {
    return this.jvm.ip
  }

  get beating(): boolean {
    const last = this.said('heart').at(-1)
    return last !== undefined && Date.now() - last.atMs < 1.2 * HEART_EVERY_MS
  }

  get commandsReceived(): readonly ReceivedCommand[] {
    return this.#around.ear.commands(this.jvm.topic).filter(({ kind }) => !QUESTIONS.includes(kind))
  }

  bizs(): Promise<readonly ListedBiz[]> {
    return this.jvm.bizs()
  }

  /** What it published under this name. */
  said(what: string): readonly Frame[] {
    return this.#around.ear.said(this.jvm.topic, what)
  }

  /** Asks it ourselves, past the operator, which hears the answer too. */
  asked(question: 'health'): Promise<Frame> {
    return this.#answered(question, '{}', question)
  }

  /** Calls back with each frame from it and to it, at once. */
  onFrame(listener: (frame: Frame) => void): () => void {
    const { topic } = this.jvm
    return this.#around.ear.onFrame(frame => {
      if (frame.topic.startsWith(`${topic}/`)) listener(frame)
    })
  }

  /** Tells it to do something ourselves, and waits for its answer. */
  async tell(verb: Verb, bizName: string, bizVersion: string, installStrategy?: 'uninstallThenInstall'): Promise<void> {
    const bizUrl = this.#around.yard.url(bizName, bizVersion)
    const command = { bizName, bizVersion, bizUrl, ...(installStrategy && { installStrategy }) }
    const { payload } = await this.#answered(verb, JSON.stringify(command), 'bizOperation')
    if (!payload.includes('"code":"SUCCESS"')) throw new Error(`${verb}: ${payload.toString().slice(0, 500)}`)
  }

  kill(): Promise<void> {
    return this.jvm.kill()
  }

  async restart(next: NextLife = {}): Promise<void> {
    const before = this.#greetings
    await this.jvm.restart(next)
    await this.#hasGreeted(next.identity ? 0 : before)
  }

  refuse(what: string, message: string): void {
    this.#around.yard.refuse(what, message, this.identity)
  }

  accept(what: string): void {
    this.#around.yard.accept(what, this.identity)
  }

  cutOff(): void {
    this.#wire.cut()
  }

  rejoin(): void {
    this.#wire.mend()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.jvm[Symbol.asyncDispose]()
    await this.#wire[Symbol.asyncDispose]()
  }

  async #answered(verb: string, payload: string, what: string): Promise<Frame> {
    const before = this.said(what).length
    await this.#around.ear.publish(`${this.jvm.topic}/${verb}`, payload)
    return eventually(`${this.identity} answers ${verb}`, () => this.said(what)[before])
  }

  get #greetings(): number {
    return this.said('queryBaseline').length
  }

  async #hasGreeted(before: number): Promise<void> {
    await eventually(`${this.identity} greets`, () => this.#greetings > before, GREETS_WITHIN_MS)
  }
}
