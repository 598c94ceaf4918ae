import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Child processes of one control plane, ended by process id. A watchdog ends them also when we are killed: it waits on a
 * pipe that only our death closes.
 */
export class Processes implements AsyncDisposable {
  readonly #folder: string
  readonly #children = new Map<string, ChildProcess>()
  readonly #watchdog: ChildProcess

  constructor(folder: string) {
    this.#folder = folder
    const script = 'cat >/dev/null; kill -9 $(cat "$0/pids") 2>/dev/null; rm -rf "$0"'
    this.#watchdog = spawn('sh', ['-c', script, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    this.#watchdog.unref()
  }

  async start(name: string, binary: string, args: readonly string[]): Promise<void> {
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.#folder })
    const log = createWriteStream(join(this.#folder, `${name}.log`), { flags: 'a' })
    child.stdout.pipe(log, { end: false })
    child.stderr.pipe(log, { end: false })
    this.#children.set(name, child)
    await this.#writePids()
  }

  pid(name: string): number | undefined {
    return this.#children.get(name)?.pid
  }

  /** Throws, with the end of its log, where the process has ended by itself. */
  async mustRun(name: string): Promise<void> {
    const child = this.#children.get(name)
    if (child && child.exitCode === null && child.signalCode === null) return
    const log = await readFile(join(this.#folder, `${name}.log`), 'utf8').catch(() => '')
    throw new Error(`${name} ended (${child?.exitCode ?? child?.signalCode}); its log ends:\n${log.slice(-2_000)}`)
  }

  async stop(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#children.get(name)
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
    child.kill(signal)
    const hurry = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(hurry)
    this.#children.delete(name)
    await this.#writePids()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children.keys()].reverse().map(name => this.stop(name, 'SIGKILL')))
    this.#watchdog.stdin?.end()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #writePids(): Promise<void> {
    const pids = [...this.#children.values()].map(({ pid }) => pid).filter(pid => pid !== undefined)
    return writeFile(join(this.#folder, 'pids'), pids.join(' '))
  }
}
