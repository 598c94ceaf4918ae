import { fleetIp, type ListedBiz } from '../base-simulator/index.ts'
import { showProgress } from '../control-plane/progress.ts'
import { JarYard } from '../java-base/jar-yard.ts'
import { JavaBase } from '../java-base/java-base.ts'
import type { Samples } from '../samples/samples.ts'
import type { Cast } from './cast.ts'

interface Play {
  readonly samples: Samples
  readonly brokerPort: number
  readonly env: string
  readonly applySample: (url: string) => string
}

/** The bases of `samples/` in JVMs, with real jars from a server on loopback. */
export class JavaCast implements Cast {
  readonly members: { identity: string; ip: string; bizs(): Promise<readonly ListedBiz[]>; curl: string }[] = []
  readonly #bases: JavaBase[] = []
  readonly #yard: JarYard
  readonly #play: Play

  private constructor(yard: JarYard, play: Play) {
    this.#yard = yard
    this.#play = play
  }

  static async open(play: Play): Promise<JavaCast> {
    return new JavaCast(await JarYard.open(play.samples), play)
  }

  get applySample(): string {
    return this.#play.applySample(this.#yard.url('biz1', '0.0.1-SNAPSHOT'))
  }

  get nextImage(): string {
    return this.#yard.url('biz1', '0.0.2')
  }

  async add(): Promise<void> {
    const nth = this.#bases.length + 1
    using _progress = showProgress('starting a JVM', 2_000)
    const base = await JavaBase.start({
      samples: this.#play.samples,
      brokerPort: this.#play.brokerPort,
      env: this.#play.env,
      identity: `b${nth}`,
      ip: fleetIp(nth),
      isFromJar: true,
    })
    this.#bases.push(base)
    const { identity, ip, origin } = base
    this.members.push({ identity, ip, bizs: () => base.bizs(), curl: `curl ${origin}/biz1` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#bases.map(base => base[Symbol.asyncDispose]()))
    await this.#yard[Symbol.asyncDispose]()
  }
}
