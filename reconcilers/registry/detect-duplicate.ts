/** Two processes under one identity throw each other off the broker; what they say of themselves alternates. */
import type { BaseRecord, ProcessTrace, Turn } from './base-record.ts'

/** Seen A, then B, then A again within this time: two processes. A and then B is one that moved. */
export const ALTERNATION_WITHIN_MS = 60_000

/** While this fresh, nothing that only one of the two may have said is believed. */
export const isDuplicated = (record: BaseRecord, nowMs: number): boolean =>
  record.duplicateSeenAtMs !== undefined && nowMs - record.duplicateSeenAtMs < ALTERNATION_WITHIN_MS

export const noTrace: ProcessTrace = { earlierStartsMs: [] }

/** The next value of something that a process does not change while it runs. */
export function turned(turn: Turn | undefined, value: string, nowMs: number): { turn: Turn; alternates: boolean } {
  if (!turn) return { turn: { value, seenAtMs: nowMs }, alternates: false }
  const { before, ...current } = turn
  if (current.value === value) return { turn: { ...turn, seenAtMs: nowMs }, alternates: false }
  const alternates = before?.value === value && nowMs - before.seenAtMs <= ALTERNATION_WITHIN_MS
  // A process that just began has not said its value yet: it takes the place of UNKNOWN, not of its predecessor's.
  if (current.value === UNKNOWN)
    return { turn: { value, seenAtMs: nowMs, ...(before && { before }) }, alternates: false }
  return { turn: { value, seenAtMs: nowMs, before: current }, alternates }
}

const UNKNOWN = ''

/** A new process began: whatever it says first is no alternation; its predecessor speaking again would be. */
export function begun(turn: Turn | undefined, value: string = UNKNOWN, nowMs: number): Turn | undefined {
  if (!turn) return undefined
  const { before: _older, ...current } = turn
  return current.value === value ? { value, seenAtMs: nowMs } : { value, seenAtMs: nowMs, before: current }
}
