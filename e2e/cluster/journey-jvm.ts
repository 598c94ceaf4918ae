import type { ListedBiz, ReceivedCommand } from '../base-simulator/index.ts'
import type { Ear } from '../java-base/ear.ts'
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
    const wire = await Wire.to(around.brokerPort)
    try {
      const jvm = await JavaBase.start({ ...options, brokerPort: wire.port })
      const base = new JourneyJvm(jvm, wire, around)
      await base.#hasGreeted(0)
      return base
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
    const last = this.#around.ear.said(this.jvm.topic, 'heart').at(-1)
    return last !== undefined && Date.now() - last.atMs < 1.2 * HEART_EVERY_MS
  }

  get commandsReceived(): readonly ReceivedCommand[] {
    return this.#around.ear.commands(this.jvm.topic).filter(({ kind }) => !QUESTIONS.includes(kind))
  }

  bizs(): Promise<readonly ListedBiz[]> {
    return this.jvm.bizs()
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

  get #greetings(): number {
    return this.#around.ear.said(this.jvm.topic, 'queryBaseline').length
  }

  async #hasGreeted(before: number): Promise<void> {
    await eventually(`${this.identity} greets`, () => this.#greetings > before, GREETS_WITHIN_MS)
  }
}
