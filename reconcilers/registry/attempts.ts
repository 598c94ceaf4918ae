/** What became of a claim's installs, and when to try again: the kubelet's backoff, per container. Pure. */
import type { Attempt, BaseRecord, ClaimId, Flight, Recovery, RuledOut } from './base-record.ts'
import { withEntry, without } from './observed.ts'

const FIRST_MS = 10_000
const CAP_MS = 300_000
/** A module that ran this long has proved itself: its next failure is a first one. */
const RESET_AFTER_MS = 600_000

export interface Moment {
  readonly nowMs: number
  /** In [0, 1). */
  readonly jitter: number
}

export type Failure = Pick<Attempt, 'url' | 'code' | 'message'> &
  Partial<Pick<Attempt, 'final' | 'unproven' | 'previous' | 'broughtIn' | 'clash' | 'ruledOut'>>

/** 10 s doubling to 5 min, a tenth more or less; `failures` counts from 1. */
export function backoffMs(failures: number, jitter: number): number {
  const doubled = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10))
  return Math.round(doubled * (0.9 + 0.2 * jitter))
}

/** Counts one more failure against a claim. Another URL starts afresh; so does one that had run for ten minutes. */
export function withFailure(record: BaseRecord, claim: ClaimId, failure: Failure, moment: Moment): BaseRecord {
  const failures = failuresBefore(record, claim, failure.url, moment.nowMs) + 1
  const ruledOut = ruledOutFor(record, claim, failure.url)
  const attempt: Attempt = {
    final: false,
    unproven: false,
    ...(ruledOut.length > 0 && { ruledOut }),
    ...failure,
    failures,
    lastFailedAtMs: moment.nowMs,
    nextTryAtMs: moment.nowMs + backoffMs(failures, moment.jitter),
  }
  return { ...record, attempts: withEntry(record.attempts, claim, attempt) }
}

/** Ways that are known to lead nowhere for a claim's URL. */
export function ruledOutFor(record: BaseRecord, claim: ClaimId, url: string): readonly RuledOut[] {
  const known = [record.attempts.get(claim), record.recoveries?.get(claim)]
  return known.find(one => one?.url === url && one.ruledOut)?.ruledOut ?? []
}

function failuresBefore(record: BaseRecord, claim: ClaimId, url: string, nowMs: number): number {
  const standing = record.attempts.get(claim)
  if (standing?.url === url) return standing.failures
  const recovery = record.recoveries?.get(claim)
  return recovery?.url === url && nowMs - recovery.atMs < RESET_AFTER_MS ? recovery.failures : 0
}

/** An install failed: held against the claim that it served. */
export function withFailedInstall(
  record: BaseRecord,
  flight: Flight,
  failure: Omit<Failure, 'url' | 'unproven' | 'previous'>,
  moment: Moment,
): BaseRecord {
  const { claim, tuple } = flight
  if (claim === undefined || !tuple) return record
  const standing = record.attempts.get(claim)
  if (standing && flight.restores) return withFailure(record, claim, standing, moment)
  const unproven = flight.unproven ?? false
  const previous = flight.replaces && { previous: flight.replaces }
  return withFailure(record, claim, { url: tuple.url, unproven, ...previous, ...failure }, moment)
}

/** An install succeeded: its claim's failure is over, unless it only put back what ran before the failure. */
export function withSuccess(record: BaseRecord, flight: Flight, nowMs: number): BaseRecord {
  const { claim } = flight
  const standing = claim && record.attempts.get(claim)
  if (claim === undefined || !standing || flight.restores) return record
  const { url, failures, ruledOut } = standing
  const recovery: Recovery = { url, failures, atMs: nowMs, ...(ruledOut && { ruledOut }) }
  const remembered = [...(record.recoveries ?? [])].filter(([, { atMs }]) => nowMs - atMs < RESET_AFTER_MS)
  const recoveries = new Map(remembered).set(claim, recovery)
  return { ...record, attempts: without(record.attempts, claim), recoveries }
}

const MESSAGE_MAX = 500
/** Looked at, at most: a base may send a megabyte in one line. */
const LINE_MAX = 4_000
const URL_PARTS = /([a-z][a-z0-9+.-]{0,20}:\/\/)([^\s/]*@)?([^\s?#]*)(\?[^\s#]*)?/gi

/** Fit for a Pod's status: one line, cut, and no URL in it keeps its user info or query. */
export function shortMessage(text: string): string {
  const line = (text.slice(0, LINE_MAX).split('\n', 1)[0] ?? '').trim()
  const masked = line.replace(URL_PARTS, '$1$3')
  return masked.length > MESSAGE_MAX ? `${masked.slice(0, MESSAGE_MAX - 1)}…` : masked
}
