/** Operator processes, each on cables of its own, started again when they end, as a kubelet does. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorProcess } from '../cluster/operator-process.ts'
import { TcpProxy } from './proxy.ts'

export interface OperatorsOptions {
  readonly count: number
  readonly bundle: string
  readonly kubeconfig: string
  readonly env: string
  readonly brokerPort: number
  readonly apiPort: number
  readonly caPath: string
  readonly folder: string
  readonly random: () => number
  readonly extra?: Readonly<Record<string, string>>
  readonly nodeFlags?: readonly string[]
  readonly told: (what: string) => void
}

const RESTART_AFTER_MS = 1_000

class Seat implements AsyncDisposable {
  readonly name: string
  readonly toBroker: TcpProxy
  readonly toApi: TcpProxy
  readonly process: OperatorProcess
  /** Not started yet, or killed and not to be started again before that is over. */
  isHeldDown = true

  constructor(name: string, toBroker: TcpProxy, toApi: TcpProxy, process: OperatorProcess) {
    this.name = name
    this.toBroker = toBroker
    this.toApi = toApi
    this.process = process
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]()
    await this.toBroker[Symbol.asyncDispose]()
    await this.toApi[Symbol.asyncDispose]()
  }
}

export class Operators implements AsyncDisposable {
  readonly #seats: Seat[] = []
  readonly #told: (what: string) => void
  readonly #watch: NodeJS.Timeout
  /** Ended though nobody killed them. */
  endedByThemselves = 0

  private constructor(told: (what: string) => void) {
    this.#told = told
    this.#watch = setInterval(() => this.#startAgain(), RESTART_AFTER_MS)
  }

  static async start(options: OperatorsOptions): Promise<Operators> {
    const operators = new Operators(options.told)
    try {
      for (let nth = 1; nth <= options.count; nth++) operators.#seats.push(await seat(nth, options))
      for (const seat of operators.#seats) {
        await seat.process.start()
        seat.isHeldDown = false
      }
    } catch (error) {
      await operators[Symbol.asyncDispose]()
      throw error
    }
    return operators
  }

  /** @param nth from 1 */
  at(nth: number): Seat {
    const found = this.#seats[nth - 1]
    if (!found) throw new RangeError(`there is no operator ${nth}`)
    return found
  }

  get all(): readonly Seat[] {
    return this.#seats
  }

  async kill(nth: number): Promise<void> {
    const seat = this.at(nth)
    seat.isHeldDown = true
    await seat.process.kill9()
  }

  revive(nth: number): void {
    const seat = this.at(nth)
    seat.isHeldDown = false
    if (!seat.process.runs) seat.process.begin()
  }

  /** All of them, since the first start; what was written to a log survives a kill. */
  async logs(): Promise<string> {
    return (await Promise.all(this.#seats.map(({ process }) => process.log()))).join('')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watch)
    await Promise.all(this.#seats.map(seat => seat[Symbol.asyncDispose]()))
  }

  #startAgain(): void {
    for (const { name, process, isHeldDown } of this.#seats) {
      if (isHeldDown || process.runs) continue
      this.endedByThemselves += 1
      this.#told(`${name} ended by itself and is started again`)
      process.begin()
    }
  }
}

async function seat(nth: number, options: OperatorsOptions): Promise<Seat> {
  const { bundle, env, random, extra = {}, nodeFlags = [] } = options
  const folder = join(options.folder, `operator-${nth}`)
  await mkdir(folder, { recursive: true })
  const toBroker = await TcpProxy.to({ toPort: options.brokerPort, random })
  const toApi = await TcpProxy.to({ toPort: options.apiPort, random })
  const process = await OperatorProcess.prepare({
    bundle,
    env,
    folder,
    nodeFlags,
    kubeconfig: await throughPort(options.kubeconfig, toApi.port, folder),
    broker: { embedded: false, port: toBroker.port },
    extra: { MQTT_BROKER: 'mqtts://127.0.0.1', MQTT_CA_PATH: options.caPath, ...extra },
  })
  return new Seat(`operator ${nth}`, toBroker, toApi, process)
}

/** The server's certificate is good for loopback, on any port. */
async function throughPort(kubeconfig: string, port: number, folder: string): Promise<string> {
  const path = join(folder, 'kubeconfig')
  const text = (await readFile(kubeconfig, 'utf8')).replace(/https:\/\/127\.0\.0\.1:\d+/, `https://127.0.0.1:${port}`)
  await writeFile(path, text, { mode: 0o600 })
  return path
}
