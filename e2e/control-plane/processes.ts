import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Watchdog } from '../../mqtt-bridge/transport/test-watchdog.ts'
import { note } from './progress.ts'

const RESTART_AFTER_MS = 1_000

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** The processes of one control plane: by name, each with its log, ended by process id. Owns the folder. */
export class Processes implements AsyncDisposable {
  readonly #folder: string
  readonly #children = new Map<string, ChildProcess>()
  readonly #watchdog: Watchdog

  constructor(folder: string) {
    this.#folder = folder
    this.#watchdog = new Watchdog(folder)
  }

  /**
   * Starts it again where it ends by itself, as a kubelet does: a scheduler that finds its cache at odds with an API server
   * that was killed in the middle of a binding ends on purpose.
   */
  async keep(name: string, binary: string, args: readonly string[]): Promise<void> {
    await this.start(name, binary, args)
    const child = this.#children.get(name)
    child?.once('exit', code => {
      const again = (): void => {
        if (this.#children.get(name) !== child) return
        note(`${name} ended by itself (${code ?? child.signalCode}) and is started again`)
        void this.keep(name, binary, args)
      }
      setTimeout(again, RESTART_AFTER_MS).unref()
    })
  }

  async start(name: string, binary: string, args: readonly string[]): Promise<void> {
    // The file itself, not a pipe through us: a busy test must not stall a server that logs.
    const log = openSync(this.#logOf(name), 'a')
    const child = spawn(binary, args, { stdio: ['ignore', log, log], cwd: this.#folder, detached: true })
    closeSync(log)
    await once(child, 'spawn')
    this.#watchdog.watch(child)
    this.#children.set(name, child)
  }

  pid(name: string): number | undefined {
    const child = this.#children.get(name)
    return child && !hasEnded(child) ? child.pid : undefined
  }

  /** Throws, with the end of its log, where the process has ended by itself. */
  async mustRun(name: string): Promise<void> {
    const child = this.#children.get(name)
    if (child && !hasEnded(child)) return
    const log = await this.log(name)
    throw new Error(`${name} ended (${child?.exitCode ?? child?.signalCode}); its log ends:\n${log.slice(-2_000)}`)
  }

  log(name: string): Promise<string> {
    return readFile(this.#logOf(name), 'utf8').catch(() => '')
  }

  async stop(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#children.get(name)
    this.#children.delete(name)
    if (!child || hasEnded(child)) return
    const ended = once(child, 'exit')
    child.kill(signal)
    const hurry = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(hurry)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children.keys()].map(name => this.stop(name, 'SIGKILL')))
    await this.#watchdog[Symbol.asyncDispose]()
  }

  #logOf(name: string): string {
    return join(this.#folder, `${name}.log`)
  }
}
