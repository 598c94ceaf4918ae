import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Watchdog } from '../../mqtt-bridge/transport/test-watchdog.ts'
import { freePort } from '../control-plane/free-port.ts'
import { eventually } from './eventually.ts'

export interface OutsideBroker {
  readonly embedded: false
  readonly port: number
  /** For who listens at it too; the operator's own is in `extra`. */
  readonly tls?: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer }
  /** As whom simulated bases come. */
  readonly user?: { readonly name: string; readonly password: string }
}

/** Flags of Node: what is not garbage can be told from what is, without waiting for V8 to find it worth its while. */
export const COLLECTS_WHEN_TOLD: readonly string[] = [
  '--expose-gc',
  `--import=data:text/javascript,${encodeURIComponent("process.on('SIGUSR2', () => globalThis.gc())")}`,
]

export interface OperatorSettings {
  readonly bundle: string
  readonly kubeconfig: string
  /** Separates the operators of journeys that run side by side: each serves the bases of its own env. */
  readonly env: string
  readonly broker: { readonly embedded: true } | OutsideBroker
  readonly extra?: Readonly<Record<string, string>>
  readonly nodeFlags?: readonly string[]
  /** Where its log goes; else into a temporary folder that stays. */
  readonly folder?: string
  /** Kills it, also while it starts. */
  readonly signal?: AbortSignal
}

/** The operator as a user runs it: the bundle in a process of its own, under its own ServiceAccount. */
export class OperatorProcess implements AsyncDisposable {
  readonly #settings: OperatorSettings
  readonly brokerPort: number
  readonly httpPort: number
  readonly debugPort: number
  readonly logFile: string
  /** Its log stays: it tells why a test failed. */
  readonly #watchdog = new Watchdog()
  #child: ChildProcess | undefined

  private constructor(settings: OperatorSettings, ports: readonly [number, number, number], logFile: string) {
    this.#settings = settings
    ;[this.brokerPort, this.httpPort, this.debugPort] = ports
    this.logFile = logFile
  }

  static async start(settings: OperatorSettings): Promise<OperatorProcess> {
    const operator = await OperatorProcess.prepare(settings)
    await operator.start()
    return operator
  }

  /** Nothing runs yet. */
  static async prepare(settings: OperatorSettings): Promise<OperatorProcess> {
    const ports = [
      settings.broker.embedded ? await freePort() : settings.broker.port,
      await freePort(),
      await freePort(),
    ] as const
    const folder = settings.folder ?? (await mkdtemp(join(tmpdir(), 'koupleless-operator-')))
    return new OperatorProcess(settings, ports, join(folder, 'operator.log'))
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Null while it runs, and where a signal ended it. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null
  }

  /** It has not ended, whatever it does. */
  get runs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    this.begin()
    await eventually('operator is ready', () => this.isReady(), 30_000).catch(async (error: unknown) => {
      throw new Error(`operator did not become ready; its log ends: ${(await this.log()).slice(-3_000)}`, {
        cause: error,
      })
    })
  }

  /** Does not wait: with its broker or the API server away it cannot become ready. */
  begin(): void {
    const { bundle, kubeconfig, env, broker, extra, nodeFlags = [], signal } = this.#settings
    const child = spawn(process.execPath, [...nodeFlags, bundle], {
      env: {
        PATH: process.env.PATH ?? '',
        KUBECONFIG: kubeconfig,
        ENV: env,
        // As a container that is started again in its Pod.
        CLIENT_ID: `operator-${this.httpPort}`,
        HTTP_HOST: '127.0.0.1',
        HTTP_PORT: String(this.httpPort),
        DEBUG_PORT: String(this.debugPort),
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'info',
        MQTT_BROKER: '127.0.0.1',
        MQTT_PORT: String(this.brokerPort),
        ...(broker.embedded ? { EMBEDDED_BROKER: 'true', EMBEDDED_BROKER_PORT: String(this.brokerPort) } : {}),
        ...extra,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal && { signal, killSignal: 'SIGKILL' as const }),
    })
    // Of an abort, which is asked for, and of a program that is not there, which the wait below reports.
    child.once('error', () => undefined)
    this.#watchdog.watch(child)
    const log = createWriteStream(this.logFile, { flags: 'a' })
    child.stdout?.pipe(log, { end: false })
    child.stderr?.pipe(log, { end: false })
    this.#child = child
  }

  async isReady(): Promise<true | undefined> {
    if (this.#child?.exitCode !== null) throw new Error(`operator ended with code ${this.#child?.exitCode}`)
    const answer = await fetch(`http://127.0.0.1:${this.httpPort}/readyz`)
    return answer.ok ? true : undefined
  }

  /** The value of a metric, summed over its labels. */
  async metric(name: string): Promise<number> {
    return (await this.metrics())(name)
  }

  /** All of one moment. To ask begins the next span of what is measured over a span, as the event-loop delay. */
  async metrics(): Promise<(name: string) => number> {
    const lines = (await (await fetch(`http://127.0.0.1:${this.httpPort}/metrics`)).text()).split('\n')
    return name =>
      lines
        .filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  /** Requests to the API server that change something. */
  async writes(): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.httpPort}/metrics`)).text()
    const lines = text
      .split('\n')
      .filter(line => /^koupleless_api_requests_total{.*verb="(create|update|patch|delete)"/.test(line))
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  /** @param match only facts that contain it */
  async debugState(match = ''): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.debugPort}/debug/state?match=${match}`)).text()
  }

  async log(): Promise<string> {
    return readFile(this.logFile, 'utf8').catch(() => '')
  }

  /** Only where `COLLECTS_WHEN_TOLD` is among its flags: else that signal would end it. */
  collectGarbage(): void {
    this.#child?.kill('SIGUSR2')
  }

  /** SIGSTOP: its connections stand, its clock runs, it does nothing. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  kill9(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** @returns milliseconds that a clean stop took. */
  async stop(): Promise<number> {
    const begun = Date.now()
    await this.#end('SIGTERM')
    return Date.now() - begun
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL')
    await this.#watchdog[Symbol.asyncDispose]()
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
    child.kill(signal)
    await ended
  }
}
