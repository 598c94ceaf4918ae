/** A Mosquitto of one's own for tests: own configuration, a free loopback port, ended by its process id. Never the system's service. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Watchdog } from './test-watchdog.ts'

export interface MosquittoOptions {
  /** Kept across restarts; a free one unless given. */
  readonly port?: number
  /** Nobody else may connect. */
  readonly user?: { readonly name: string; readonly password: string }
  /** More of them. */
  readonly users?: readonly { readonly name: string; readonly password: string }[]
  readonly tls?: {
    readonly caPath: string
    readonly certPath: string
    readonly keyPath: string
    /** Only those who show a certificate of that CA. */
    readonly isClientCertificateNeeded: boolean
    /** The common name of its certificate is who a client is; no password then. */
    readonly isCertificateUser?: boolean
    /** That version alone, as `tlsv1.2`. Default: what its library offers. */
    readonly version?: string
  }
  /** Lines of an access list: `topic readwrite open/#`. What none of them allows is forbidden. */
  readonly accessList?: readonly string[]
  /** Further lines of its configuration: `retain_available false`. */
  readonly settings?: readonly string[]
}

/** Debian puts it where only root's path looks. */
const PLACES = [
  '/usr/sbin/mosquitto',
  '/usr/bin/mosquitto',
  '/usr/local/sbin/mosquitto',
  '/opt/homebrew/sbin/mosquitto',
]

/** Undefined where it is not installed (Debian: `apt-get install mosquitto`). */
export function findMosquitto(): string | undefined {
  return PLACES.find(place => existsSync(place))
}

export class Mosquitto implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  readonly #binary: string
  readonly #watchdog: Watchdog
  #process: ChildProcess | undefined
  #log = ''

  private constructor(port: number, folder: string, binary: string) {
    this.port = port
    this.#folder = folder
    this.#binary = binary
    this.#watchdog = new Watchdog(folder)
  }

  static async start(options: MosquittoOptions = {}): Promise<Mosquitto> {
    const binary = findMosquitto()
    if (!binary) throw new Error('Mosquitto is not installed: apt-get install mosquitto')
    const port = options.port ?? (await freePort())
    const mosquitto = new Mosquitto(port, await mkdtemp(join(tmpdir(), 'mosquitto-')), binary)
    await mosquitto.#configure(options)
    await mosquitto.resume()
    return mosquitto
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }

  /** What it wrote so far, for a failing test. */
  get log(): string {
    return this.#log
  }

  /** Users and access list count from now on; what else is new does so from the next `resume`. */
  async reconfigure(options: MosquittoOptions): Promise<void> {
    await this.#configure(options)
    this.#process?.kill('SIGHUP')
  }

  async resume(): Promise<void> {
    if (this.#process) return
    const child = spawn(this.#binary, ['-c', join(this.#folder, 'mosquitto.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    this.#watchdog.watch(child)
    for (const output of [child.stdout, child.stderr]) output?.on('data', data => this.#note(String(data)))
    await this.#isListening(child)
  }

  /** Sessions and connections end; retained messages of this Mosquitto, which keeps nothing on disk, are gone. */
  async stop(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.#watchdog[Symbol.asyncDispose]()
  }

  async #configure({ user, users: others = [], tls, accessList, settings = [] }: MosquittoOptions): Promise<void> {
    const users = [...(user ? [user] : []), ...others]
    const config = [
      `listener ${this.port} 127.0.0.1`,
      'persistence false',
      `allow_anonymous ${users.length > 0 ? 'false' : 'true'}`,
      ...(users.length > 0 ? [`password_file ${this.#writePasswords(users)}`] : []),
      ...(tls ? tlsLines(tls) : []),
      // Run as root it would become user "mosquitto", who cannot read keys that belong to us.
      'user root',
      ...settings,
      ...(accessList ? [`acl_file ${await this.#write('access-list', accessList)}`] : []),
    ]
    await this.#write('mosquitto.conf', config)
  }

  async #write(name: string, lines: readonly string[]): Promise<string> {
    const file = join(this.#folder, name)
    await writeFile(file, `${lines.join('\n')}\n`)
    return file
  }

  #writePasswords(users: NonNullable<MosquittoOptions['users']>): string {
    const file = join(this.#folder, 'passwords')
    users.forEach(({ name, password }, at) => {
      execFileSync('mosquitto_passwd', ['-b', ...(at === 0 ? ['-c'] : []), file, name, password], { stdio: 'ignore' })
    })
    return file
  }

  #note(output: string): void {
    this.#log = (this.#log + output).slice(-20_000)
  }

  async #isListening(child: ChildProcess): Promise<void> {
    for (let tries = 0; tries < 500; tries += 1) {
      if (child.exitCode !== null) break
      if (await accepts(this.port)) return
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    throw new Error(`Mosquitto does not listen on ${this.port}: ${this.#log}`)
  }
}

const tlsLines = (tls: NonNullable<MosquittoOptions['tls']>): readonly string[] => [
  `cafile ${tls.caPath}`,
  `certfile ${tls.certPath}`,
  `keyfile ${tls.keyPath}`,
  `require_certificate ${tls.isClientCertificateNeeded}`,
  ...(tls.isCertificateUser ? ['use_identity_as_username true'] : []),
  ...(tls.version ? [`tls_version ${tls.version}`] : []),
]

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
