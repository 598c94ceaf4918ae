import { setTimeout as sleep } from 'node:timers/promises'

/** A look is often a kubectl, which takes a tenth of a second of a core. */
const PAUSE_MAX_MS = 1_000

/**
 * Waits for a condition instead of sleeping: `look` returns what was awaited, or throws or returns undefined while it
 * has not come. On time-out the last thing seen is in the error.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  let last: unknown
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 1.5, PAUSE_MAX_MS)) {
    try {
      const seen = await look()
      if (seen !== undefined && seen !== false) return seen
      last = seen
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline)
      throw new Error(`not within ${withinMs} ms: ${what}; last: ${String(last)}`, { cause: last })
    await sleep(pauseMs)
  }
}

/** The condition holds now and goes on holding: for what must not happen. */
export async function always(what: string, look: () => Promise<boolean>, forMs: number): Promise<void> {
  const until = Date.now() + forMs
  while (Date.now() < until) {
    if (!(await look())) throw new Error(`did not go on holding: ${what}`)
    await sleep(250)
  }
}
