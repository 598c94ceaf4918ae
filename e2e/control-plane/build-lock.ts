import { mkdir, rm, stat, utimes } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { showProgress } from './progress.ts'

export interface LockTimes {
  /** A holder shows this often that it lives: a process id would mean nothing to another container on this cache. */
  readonly beatEveryMs: number
  /** After this long without a beat its holder is taken for dead. */
  readonly staleAfterMs: number
}
const USUAL: LockTimes = { beatEveryMs: 2_000, staleAfterMs: 30_000 }

const isNew = (path: string): Promise<boolean> =>
  mkdir(path).then(
    () => true,
    () => false,
  )

/**
 * Two suites on one machine need not build the same thing at once. Only that: what is built is renamed into place, so
 * the rare case of two that both take over from a dead holder costs time and breaks nothing.
 */
export async function buildLock(path: string, times: LockTimes = USUAL): Promise<AsyncDisposable> {
  using progress = showProgress('waiting for another run that builds the same')
  while (!(await isNew(path))) {
    progress.say(`lock ${path}`)
    const held = await stat(path).catch(() => undefined)
    if (held && Date.now() - held.mtimeMs > times.staleAfterMs) await rm(path, { recursive: true, force: true })
    else await sleep(Math.min(250, times.beatEveryMs))
  }
  const beat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => undefined)
  }, times.beatEveryMs)
  beat.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(beat)
      await rm(path, { recursive: true, force: true })
    },
  }
}
