/** The real time and chance: the only timers, clocks and randomness of the process outside the transports. */
import { randomBytes } from 'node:crypto'
import type { Clock, Rng } from '../reconcilers/ports.ts'

/** How fast we follow a wall clock that was set: 25 s of silence may then last 26. */
const SLEW = 0.05
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface TimeSources {
  readonly wallMs: () => number
  readonly monotonicMs: () => number
}

const REAL: TimeSources = { wallMs: () => Date.now(), monotonicMs: () => performance.now() }

/**
 * Milliseconds since 1970 that never go back and never leap: a wall clock that is set, or a machine that slept, must not
 * look like silence of all bases. The difference is made up slowly, since Leases bear our time.
 */
export function newClock(sources: TimeSources = REAL): Clock {
  let beforeMs = sources.monotonicMs()
  let nowMs = sources.wallMs()
  return {
    now() {
      const monotonicMs = sources.monotonicMs()
      const passedMs = Math.max(0, monotonicMs - beforeMs)
      beforeMs = monotonicMs
      const aheadMs = sources.wallMs() - (nowMs + passedMs)
      nowMs += passedMs + Math.max(-SLEW * passedMs, Math.min(SLEW * passedMs, aheadMs))
      return nowMs
    },
    sleep,
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const wake = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, Math.min(Math.max(0, ms), LONGEST_TIMER_MS))
    signal.addEventListener('abort', wake, { once: true })
  })
}

export const rng: Rng = { next: () => Math.random() }

/** Six characters that tell this process from others of its host. */
export const randomPart = (): string => randomBytes(3).toString('hex')

/** Ids of reconcile runs: short, unique within the logs of all processes for as long as anyone reads them. */
export function newRunIds(prefix: string = randomPart()): () => string {
  let count = 0
  return () => `${prefix}-${(count++).toString(36)}`
}
