/** Ends what a test started, however the test itself ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

/**
 * Reads which processes run from a pipe that our death closes, however we die; then ends what still runs and removes the
 * folder, where one was given. A shell, since it takes 1 MB and every system has one.
 */
const WATCHDOG = `
pids=
while read -r verb pid; do
  if [ "$verb" = started ]; then pids="$pids $pid"; continue; fi
  rest=
  for other in $pids; do [ "$other" = "$pid" ] || rest="$rest $other"; done
  pids=$rest
done
[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
[ -z "$1" ] || rm -rf "$1"
`

export class Watchdog implements AsyncDisposable {
  readonly #shell: ChildProcess

  /** `folder` goes with us; without one nothing is removed. */
  constructor(folder = '') {
    // A session of its own: a Ctrl-C in the terminal is for us, and then it is told by its pipe.
    const stdio = ['pipe', 'ignore', 'ignore'] as const
    this.#shell = spawn('sh', ['-c', WATCHDOG, 'watchdog', folder], { stdio: [...stdio], detached: true })
    this.#shell.stdin?.on('error', () => undefined)
    // Nobody waits for it: a process that has nothing else to do may end, which is what it waits for.
    this.#shell.unref()
    const pipe = this.#shell.stdin as Socket | null
    pipe?.unref()
  }

  /** Once it is spawned. Its end is noticed: a process id may be another's later. */
  watch(child: ChildProcess): void {
    const { pid } = child
    if (pid === undefined) return
    this.#tell('started', pid)
    child.once('exit', () => this.#tell('ended', pid))
  }

  /** Ends what still runs and removes the folder. Twice is once. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) return
    const ended = once(this.#shell, 'exit')
    this.#shell.ref()
    this.#shell.stdin?.end()
    await ended
  }

  #tell(verb: 'started' | 'ended', pid: number): void {
    this.#shell.stdin?.write(`${verb} ${pid}\n`)
  }
}
