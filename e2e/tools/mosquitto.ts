import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../control-plane/free-port.ts'
import { findTool } from './find-tool.ts'

/** A broker that no one here wrote, on a loopback port that stays the same over restarts. */
export class Mosquitto implements AsyncDisposable {
  readonly port: number
  readonly #binary: string
  readonly #folder: string
  #child: ChildProcess | undefined

  private constructor(binary: string, folder: string, port: number) {
    this.#binary = binary
    this.#folder = folder
    this.port = port
  }

  static async start(): Promise<Mosquitto> {
    const found = await findTool('mosquitto')
    if (!found.ok) throw new Error(found.hint)
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'koupleless-mosquitto-'))
    const settings = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence false',
      'max_queued_messages 10000',
      'user root',
    ]
    await writeFile(join(folder, 'mosquitto.conf'), `${settings.join('\n')}\n`)
    const broker = new Mosquitto(found.path, folder, port)
    await broker.up()
    return broker
  }

  async up(): Promise<void> {
    this.#child = spawn(this.#binary, ['-c', join(this.#folder, 'mosquitto.conf')], { stdio: 'ignore' })
    for (let tries = 0; !(await this.#listens()); tries++) {
      if (tries > 200) throw new Error(`mosquitto does not listen on ${this.port}`)
      await sleep(50)
    }
  }

  async down(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #listens(): Promise<boolean> {
    return new Promise(resolve => {
      const socket = connect(this.port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
  }
}
