import { execFile } from 'node:child_process'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { ListedBiz } from '../base-simulator/index.ts'
import { eventually } from '../cluster/eventually.ts'
import { freePort } from '../control-plane/free-port.ts'
import { Processes } from '../control-plane/processes.ts'
import { archivedBase } from '../samples/class-archive.ts'
import type { BaseJar, Samples } from '../samples/samples.ts'

const run = promisify(execFile)

/** About 140 MB resident instead of 250, and ready in 5 s on two quiet cores. */
export const LOW_MEMORY = [
  '-Xms24m',
  '-Xmx64m',
  '-XX:MaxMetaspaceSize=160m',
  '-XX:ReservedCodeCacheSize=24m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Xss512k',
]
const READY_WITHIN_MS = 120_000

export interface JavaBaseOptions {
  readonly samples: Samples
  readonly brokerPort: number
  readonly identity: string
  readonly env?: string
  readonly name?: string
  readonly version?: string
  readonly clusterName?: string
  /** What it says of itself. Its HTTP server listens on loopback all the same. */
  readonly ip?: string
  readonly hostName?: string
  /** System properties beside these, or instead of them. */
  readonly properties?: Readonly<Record<string, string>>
  /** Instead of the usual ones. */
  readonly jvmFlags?: readonly string[]
  /** With web-ark-plugin, so that modules may be web applications of their own. Default: the one without, on a newer SOFAArk. */
  readonly isWeb?: boolean
  /** `java -jar`, as a user starts it. Default: from an archive of its classes, which takes half the CPU time. */
  readonly isFromJar?: boolean
}

/** What may differ in the next process. */
export type NextLife = Partial<Pick<JavaBaseOptions, 'identity' | 'ip' | 'version' | 'properties'>>

const infoShape = z.object({
  arkBizInfo: z.array(z.object({ bizName: z.string(), bizVersion: z.string(), bizState: z.string() })),
})

/** The base of `samples/` in a JVM of its own. */
export class JavaBase implements AsyncDisposable {
  readonly #folder: string
  readonly #processes: Processes
  readonly #port: number
  #options: JavaBaseOptions
  #life = 0

  private constructor(options: JavaBaseOptions, folder: string, port: number) {
    this.#options = options
    this.#folder = folder
    this.#port = port
    this.#processes = new Processes(folder)
  }

  /** Resolves when it serves HTTP. Whether it found its broker is another matter. */
  static async start(options: JavaBaseOptions): Promise<JavaBase> {
    const folder = await mkdtemp(join(tmpdir(), 'koupleless-java-base-'))
    const base = new JavaBase(options, folder, await freePort())
    try {
      await base.#begin()
    } catch (error) {
      await base[Symbol.asyncDispose]()
      throw error
    }
    return base
  }

  /** To start another one like it. */
  get options(): JavaBaseOptions {
    return this.#options
  }

  get identity(): string {
    return this.#options.identity
  }

  get ip(): string {
    return this.#options.ip ?? '127.0.0.1'
  }

  /** The root of its topics. */
  get topic(): string {
    return `koupleless_${(this.#options.env ?? 'dev').toLowerCase()}/${this.identity}`
  }

  /** Where it and its modules answer. */
  get origin(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get java(): string {
    return this.#options.samples.jdk.java
  }

  get pid(): number | undefined {
    return this.#processes.pid(this.#process)
  }

  /** What SOFAArk itself says that it runs, past the tunnel: the operator learns nothing from our looking. */
  async bizs(): Promise<readonly ListedBiz[]> {
    if (this.pid === undefined) return []
    const answer = await fetch(`${this.origin}/actuator/info`)
    return infoShape
      .parse(await answer.json())
      .arkBizInfo.filter(({ bizName }) => bizName !== 'base')
      .map(({ bizName: name, bizVersion: version, bizState }) => ({
        name,
        version,
        state: bizState.toLowerCase() as ListedBiz['state'],
      }))
  }

  /** What a module answers to a request, or why it does not. */
  async ask(module: string): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`${this.origin}/${module}`)
    return { status: answer.status, text: (await answer.text()).trim() }
  }

  async residentBytes(): Promise<number> {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(this.pid)])
    return 1_024 * Number(stdout)
  }

  async kill(): Promise<void> {
    await this.#processes.stop(this.#process, 'SIGKILL')
  }

  /** SIGTERM, as Kubernetes ends a Pod. Resolves when it has ended. */
  async terminate(): Promise<void> {
    await this.#processes.stop(this.#process, 'SIGTERM')
  }

  /** kill -9, then another process. */
  async restart(next: NextLife = {}): Promise<void> {
    await this.kill()
    this.#options = { ...this.#options, ...next }
    await this.#begin()
  }

  log(): Promise<string> {
    return this.#processes.log(this.#process)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#processes[Symbol.asyncDispose]()
  }

  get #process(): string {
    return `base-${this.#life}`
  }

  async #begin(): Promise<void> {
    this.#life += 1
    const { samples, jvmFlags = LOW_MEMORY, isFromJar = false, isWeb = false } = this.#options
    const jar: BaseJar = isWeb ? 'web-base.jar' : 'base.jar'
    const temporary = join(this.#folder, 'tmp')
    await mkdir(temporary, { recursive: true })
    const properties = Object.entries(this.#properties(temporary)).map(([key, value]) => `-D${key}=${value}`)
    await this.#processes.start(this.#process, samples.jdk.java, [
      ...jvmFlags,
      ...properties,
      ...(isFromJar ? ['-jar', samples.path(jar)] : await archivedBase(samples, jar)),
    ])
    const seen = await eventually(
      `base ${this.identity} serves`,
      async () => (this.pid === undefined ? 'ended' : (await fetch(`${this.origin}/readyz`)).ok),
      READY_WITHIN_MS,
    )
    if (seen === 'ended') await this.#processes.mustRun(this.#process)
  }

  #properties(temporary: string): Readonly<Record<string, string>> {
    const { identity, brokerPort, env = 'dev', name = 'base', version = '1.1.1', ...rest } = this.#options
    return {
      'base.identity': identity,
      'base.env': env,
      'base.name': name,
      'base.version': version,
      'base.cluster': rest.clusterName ?? name,
      'base.ip': this.ip,
      'base.host.name': rest.hostName ?? identity,
      // As the published tunnel has it: what the operator has to live with.
      'base.heart.frail': 'true',
      'koupleless.arklet.mqtt.port': String(brokerPort),
      'server.address': '127.0.0.1',
      'server.port': String(this.#port),
      'management.endpoints.web.exposure.include': 'info',
      'java.io.tmpdir': temporary,
      'http.agent': identity,
      ...rest.properties,
    }
  }
}
