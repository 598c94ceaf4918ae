import { type BizKey, type BizReport, bizKey, type Observation } from '../../mqtt-bridge/index.ts'
import { backoffMs, shortMessage, withFailure } from './attempts.ts'
import type { BaseRecord, Change, Flight } from './base-record.ts'
import { begin } from './begin-flight.ts'
import { doubt } from './doubts.ts'
import { type AnswerFacts, expecting, installed, installFailed } from './observe-install.ts'
import {
  changed,
  type FlightEnd,
  type ObserveContext,
  type Observed,
  unchanged,
  withEntry,
  without,
} from './observed.ts'
import { isOutdated } from './outdated.ts'

type Answer = Extract<Observation, { kind: 'answer' }>
type BatchAnswer = Extract<Observation, { kind: 'batchAnswer' }>

/**
 * No request id comes back: an answer belongs to the flight of its name, version and command. It ends that flight and
 * raises a doubt: only a snapshot published after it shows what there is now.
 */
export function observeAnswer(record: BaseRecord, answer: Answer, context: ObserveContext): Observed {
  const key = bizKey(answer.name, answer.version)
  const { outcome } = answer
  if (outcome.kind === 'conflict') return observeConflict(record, key, answer, context)
  const flight = flightOf(record, key, answer)
  const landed = flight ? { ...record, ...landedOf(record, key) } : record
  const raised = { sincePublishedAtMs: answer.publishedAtMs, raisedAtMs: context.nowMs }
  const doubtful = doubt(landed, key, raised)
  const next = applyOutcome(doubtful, { answer, key, context, ...(flight && { flight }) }, record)
  const changes: readonly Change[] = next.proofs === record.proofs ? ['bizs'] : ['bizs', 'proofs']
  return { record: next, changes, ended: flight ? [{ key, flight, outcome: endOf(answer, key) }] : [] }
}

function endOf({ outcome }: Answer, key: BizKey): FlightEnd['outcome'] {
  switch (outcome.kind) {
    case 'installed':
      return outcome.bizs.length === 0 || outcome.bizs.some(biz => keyOf(biz) === key) ? 'installed' : 'mismatch'
    case 'accepted':
    case 'conflict':
      return 'repeat'
    default:
      return outcome.kind
  }
}

const keyOf = (biz: BizReport): BizKey => bizKey(biz.name, biz.version)

/** A command that has ended stops nothing any more: the Pods of its module may be in their Services again. */
function landedOf(record: BaseRecord, key: BizKey): Pick<BaseRecord, 'flights' | 'drains'> {
  const name = record.flights.get(key)?.name ?? ''
  return { flights: without(record.flights, key), drains: without(record.drains, name) }
}

/**
 * The flight that this answers. Not one sent after the base had already said something later: that is an older
 * command's answer, delivered twice.
 */
function flightOf(record: BaseRecord, key: BizKey, answer: Answer): Flight | undefined {
  const flight = record.flights.get(key)
  // `accepted` is the answer to someone's asynchronous command, of which we send none.
  if (flight?.command !== answer.command || answer.outcome.kind === 'accepted') return undefined
  const heardBefore = flight.sentAfterPublishedAtMs ?? Number.NEGATIVE_INFINITY
  const seen = record.doubts.get(key)?.sincePublishedAtMs === answer.publishedAtMs
  const older = answer.publishedAtMs < heardBefore || (answer.publishedAtMs === heardBefore && seen)
  return older ? undefined : flight
}

function applyOutcome(record: BaseRecord, facts: AnswerFacts, before: BaseRecord): BaseRecord {
  const { outcome } = facts.answer
  switch (outcome.kind) {
    case 'installed':
      return installed(record, facts, outcome, before)
    case 'uninstalled':
      return uninstalled(record, facts, before)
    case 'repeat':
      return expecting(record, facts, 'REPEAT_BIZ')
    case 'failed':
      return facts.answer.command === 'installBiz'
        ? installFailed(record, facts, outcome)
        : uninstallFailed(record, facts, outcome)
    default:
      return record
  }
}

function uninstalled(record: BaseRecord, { key, flight, answer }: AnswerFacts, before: BaseRecord): BaseRecord {
  if (isOutdated(before, key, answer.publishedAtMs)) return record
  return {
    ...record,
    bizs: without(record.bizs, key),
    provenance: without(record.provenance, key),
    webPaths: without(record.webPaths, key),
    ...(flight?.claim !== undefined && { attempts: without(record.attempts, flight.claim) }),
    ...(record.uninstallFailures && { uninstallFailures: without(record.uninstallFailures, key) }),
  }
}

type Failed = Extract<Answer['outcome'], { kind: 'failed' }>

function uninstallFailed(record: BaseRecord, facts: AnswerFacts, { code, message, cause }: Failed): BaseRecord {
  const { key, flight, context } = facts
  if (!flight) return record
  const text = shortMessage(cause || message)
  const failures = (record.uninstallFailures?.get(key)?.failures ?? 0) + 1
  const nextTryAtMs = context.nowMs + backoffMs(failures, context.jitter)
  const failure = { failures, lastFailedAtMs: context.nowMs, nextTryAtMs, code, message: text }
  const noted = { ...record, uninstallFailures: withEntry(record.uninstallFailures ?? new Map(), key, failure) }
  // No install has this URL: the failure holds back the next uninstall for that claim and nothing else.
  return flight.claim === undefined
    ? noted
    : withFailure(noted, flight.claim, { url: '', code, message: text }, context)
}

/**
 * A conflict answers nobody's command: it says that some command runs. Ours may be the one running (delivered twice),
 * so its flight stays, unless the running one is of the other kind: then ours was refused. Where we know of none,
 * somebody's counts as a flight without a claim.
 */
function observeConflict(record: BaseRecord, key: BizKey, answer: Answer, { nowMs }: ObserveContext): Observed {
  if (answer.outcome.kind !== 'conflict' || isRepeatedConflict(record, answer)) return unchanged(record)
  const running = answer.outcome.running === 'uninstallBiz' ? 'uninstallBiz' : 'installBiz'
  const lastPublishedAtMs = { ...record.lastPublishedAtMs, conflict: answer.publishedAtMs }
  const heard = { ...record, lastPublishedAtMs }
  const ours = record.flights.get(key)
  if (ours && (ours.command !== answer.command || ours.command === running)) return unchanged(heard)
  if (!ours && (isOutdated(record, key, answer.publishedAtMs) || strangers(record) >= STRANGERS_MAX))
    return unchanged(heard)
  const theirs: Flight = {
    command: running,
    name: answer.name,
    version: answer.version,
    sentAtMs: nowMs,
    overdue: false,
  }
  return changed(begin(heard, key, theirs), 'commanded', 'bizs')
}

/** A base has five workers: more commands of somebody else than this cannot run at once. */
const STRANGERS_MAX = 16
const strangers = ({ flights }: BaseRecord): number =>
  [...flights.values()].filter(({ claim }) => claim === undefined).length

const isRepeatedConflict = (record: BaseRecord, { publishedAtMs }: Answer): boolean =>
  publishedAtMs <= (record.lastPublishedAtMs.conflict ?? Number.NEGATIVE_INFINITY)

/** Somebody's baseline: whatever it touched must be looked at. */
export function observeBatchAnswer(record: BaseRecord, answer: BatchAnswer, { nowMs }: ObserveContext): Observed {
  const raised = { sincePublishedAtMs: answer.publishedAtMs, raisedAtMs: nowMs }
  const keys = answer.results.flatMap(result => result.bizs.map(keyOf))
  const doubtful = keys.reduce((next, key) => doubt(next, key, raised), record)
  return doubtful === record ? unchanged(record) : changed(doubtful, 'bizs')
}
