/** Which process answers? The JVM's run time tells, by our clock: now less the run time is when it began. */
import type { ProcessTrace } from './base-record.ts'
import { noTrace } from './detect-duplicate.ts'

export type RunTimeVerdict =
  | 'same'
  /** Began after the one we knew. */
  | 'restarted'
  /** Began when an earlier one did that we took for gone: both run. */
  | 'alternates'

/** Two answers may overtake each other by that much. */
const BACK_TOLERANCE_MS = 1_000
/** Beginnings this close are one and the same: the message's way, and clocks that are being slewed. */
const SAME_START_MS = 5_000
const STARTS_KEPT = 4

export interface RunTimeHeard {
  readonly runTimeMs: number
  readonly publishedAtMs: number
  readonly nowMs: number
}

export function judgeRunTime(trace: ProcessTrace | undefined, heard: RunTimeHeard) {
  const { earlierStartsMs, runTime: last, ...rest } = trace ?? noTrace
  const startedAtMs = heard.nowMs - heard.runTimeMs
  const runTime = { ms: heard.runTimeMs, startedAtMs, startedPublishedAtMs: heard.publishedAtMs - heard.runTimeMs }
  const verdict = verdictOf(last, earlierStartsMs, runTime)
  const earlier = earlierStartsMs.filter(start => !near(start, startedAtMs))
  const kept = last && verdict !== 'same' ? [last.startedAtMs, ...earlier].slice(0, STARTS_KEPT) : earlier
  return { verdict, trace: { ...rest, runTime, earlierStartsMs: kept } satisfies ProcessTrace }
}

type RunTime = NonNullable<ProcessTrace['runTime']>

function verdictOf(last: RunTime | undefined, earlier: readonly number[], now: RunTime): RunTimeVerdict {
  if (last && near(last.startedAtMs, now.startedAtMs) && !wentBack(last, now)) return 'same'
  if (earlier.some(start => near(start, now.startedAtMs))) return 'alternates'
  // Not going back, yet another beginning: a suspended machine or a clock that was set. No proof of anything.
  return last && wentBack(last, now) ? 'restarted' : 'same'
}

const wentBack = (last: RunTime, now: RunTime): boolean => now.ms + BACK_TOLERANCE_MS < last.ms
const near = (a: number, b: number): boolean => Math.abs(a - b) <= SAME_START_MS

/**
 * A new process announced itself: the former one's beginning is kept, to know it again. Not where that one had only just
 * begun: the two beginnings could not be told apart, and a base restarted within seconds would pass for a twin.
 */
export function runTimeForgotten(trace: ProcessTrace, nowMs: number): ProcessTrace {
  const { runTime, ...rest } = trace
  if (!runTime || nowMs - runTime.startedAtMs <= SAME_START_MS) return rest
  return { ...rest, earlierStartsMs: [runTime.startedAtMs, ...rest.earlierStartsMs].slice(0, STARTS_KEPT) }
}
