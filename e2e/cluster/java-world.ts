import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import type { GivenAnswer } from '../base-simulator/index.ts'
import { Ear } from '../java-base/ear.ts'
import { JarYard } from '../java-base/jar-yard.ts'
import { JavaBase } from '../java-base/java-base.ts'
import { buildSamples, type Samples } from '../samples/samples.ts'
import { JourneyJvm } from './journey-jvm.ts'
import type { OperatorSettings } from './operator-process.ts'
import type { FullDraft, World } from './world.ts'

/** Bases in JVMs, a Mosquitto, and a server with real jars. */
export class JavaWorld implements World {
  readonly broker: OperatorSettings['broker']
  readonly yard: JarYard
  readonly #samples: Samples
  readonly #mosquitto: Mosquitto | undefined
  readonly #env: string
  readonly #bases: JourneyJvm[] = []
  readonly #others: JavaBase[] = []
  readonly #folders: string[] = []
  #ear: Ear | undefined
  #onAnswer: (answer: GivenAnswer) => void = () => undefined

  private constructor(env: string, samples: Samples, yard: JarYard, broker: Mosquitto | OperatorSettings['broker']) {
    this.#env = env
    this.#samples = samples
    this.yard = yard
    this.#mosquitto = broker instanceof Mosquitto ? broker : undefined
    this.broker = broker instanceof Mosquitto ? { embedded: false, port: broker.port } : broker
  }

  static async open(env: string, broker?: OperatorSettings['broker']): Promise<JavaWorld> {
    const samples = await buildSamples()
    return new JavaWorld(env, samples, await JarYard.open(samples), broker ?? (await Mosquitto.start()))
  }

  /** Its jars come by a proxy for plain HTTP. */
  withJarsInReach(manifest: string): string {
    return manifest.replace(
      /https:\S+\/(biz\d)-\S*?(\d[\w.]*(?:-SNAPSHOT)?)-ark-biz\.jar/g,
      'http://jars.example.com/$1-$2.jar',
    )
  }

  async start(draft: FullDraft, brokerPort: number): Promise<JourneyJvm> {
    const ear = await this.#listen(brokerPort)
    const { staticModules = [], installMs: _theirOwnPace, ...who } = draft
    const properties = { ...this.yard.asProxy, ...(await this.#shipped(staticModules)), ...draft.properties }
    const options = { ...who, samples: this.#samples, properties }
    const base = await JourneyJvm.start(options, { brokerPort, ear, yard: this.yard })
    this.#bases.push(base)
    return base
  }

  /** One that was started before its broker, as far as it can tell: its wire is cut until it may rejoin. */
  async startUnheard(env: string): Promise<JourneyJvm> {
    const ear = await this.#listen(this.#port)
    const around = { brokerPort: this.#port, ear, yard: this.yard }
    const options = { samples: this.#samples, env, identity: `${env}-unheard`, ip: '10.7.7.7' }
    const base = await JourneyJvm.startCutOff(options, around)
    this.#bases.push(base)
    return base
  }

  /** Another process that says it is that base. */
  async startTwin({ jvm }: JourneyJvm): Promise<JavaBase> {
    const twin = await JavaBase.start({ ...jvm.options, brokerPort: this.#port, ip: '10.8.8.8' })
    this.#others.push(twin)
    return twin
  }

  onAnswer(listener: (answer: GivenAnswer) => void): void {
    this.#onAnswer = listener
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#bases, ...this.#others].map(base => base[Symbol.asyncDispose]()))
    await this.#ear?.[Symbol.asyncDispose]()
    await this.yard[Symbol.asyncDispose]()
    await this.#mosquitto?.[Symbol.asyncDispose]()
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true })
  }

  get #port(): number {
    if (this.broker.embedded) throw new Error('JVMs of a journey have a broker outside the operator')
    return this.broker.port
  }

  async #listen(brokerPort: number): Promise<Ear> {
    if (this.#ear) return this.#ear
    const tls = this.broker.embedded ? undefined : this.broker.tls
    const ear = await Ear.open(brokerPort, this.#env, tls ? { protocol: 'mqtts', ...tls } : {})
    ear.onAnswer(answer => this.#onAnswer(answer))
    this.#ear = ear
    return ear
  }

  /** A folder of jars that the base installs by itself at its start. */
  async #shipped(
    modules: readonly { readonly name: string; readonly version: string }[],
  ): Promise<Record<string, string>> {
    if (modules.length === 0) return {}
    const folder = await mkdtemp(join(tmpdir(), 'koupleless-shipped-'))
    this.#folders.push(folder)
    for (const module of modules) {
      const jar = await this.yard.jar(module)
      await copyFile(jar, join(folder, basename(jar).replace('.jar', '-ark-biz.jar')))
    }
    return { 'com.alipay.sofa.ark.static.biz.dir': folder }
  }
}
