import { basename } from 'node:path'
import { fleetIp, type ListedBiz } from '../base-simulator/index.ts'
import { showProgress } from '../control-plane/progress.ts'
import { JarYard } from '../java-base/jar-yard.ts'
import { JavaBase } from '../java-base/java-base.ts'
import { NEXT, RUNS, WEB, WEB_PATH } from '../java-base/web-jars.ts'
import type { Samples } from '../samples/samples.ts'
import type { Cast, ModuleContainer } from './cast.ts'

interface Play {
  readonly samples: Samples
  readonly brokerPort: number
  readonly env: string
  readonly sample: Pick<ModuleContainer, 'name' | 'image'>
  readonly applySample: (url: string) => string
}

/** The web base of `samples/` in JVMs, with jars of its web module from a server on loopback. */
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
    return this.#play.applySample(this.#jar(RUNS))
  }

  get next(): ModuleContainer {
    return { name: this.#play.sample.name, image: this.#jar(NEXT), version: NEXT }
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
      isWeb: true,
    })
    this.#bases.push(base)
    const { identity, ip, origin } = base
    this.members.push({ identity, ip, bizs: () => base.bizs(), curl: `curl ${origin}/${WEB_PATH}/version` })
  }

  /** Called as the sample's is. Its manifest has the name of the sample's container, which is what the base knows it by. */
  #jar(version: typeof RUNS | typeof NEXT): string {
    const { name, image } = this.#play.sample
    const label = { name, version, from: `${WEB}-${version}.jar`, webContextPath: WEB_PATH } as const
    return this.#yard.offer(basename(image).replace(RUNS, version), label)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#bases.map(base => base[Symbol.asyncDispose]()))
    await this.#yard[Symbol.asyncDispose]()
  }
}
