import { type BizKey, type BizReport, bizKey, type CommandOutcome, type Observation } from '../../mqtt-bridge/index.ts'
import { shortMessage, withFailedInstall, withSuccess } from './attempts.ts'
import type { BaseRecord, Flight } from './base-record.ts'
import { doubt, versionsOf } from './doubts.ts'
import { type ObserveContext, withEntry, without } from './observed.ts'
import { isOutdated } from './outdated.ts'

/** An answer, what it is about, and the command that it ends (none: it was not ours, or came late). */
export interface AnswerFacts {
  readonly answer: Extract<Observation, { kind: 'answer' }>
  readonly key: BizKey
  readonly flight?: Flight
  readonly context: ObserveContext
}

/** More than any base runs. */
const BIZS_MAX = 1_000

type Installed = Extract<CommandOutcome, { kind: 'installed' }>
type Failed = Extract<CommandOutcome, { kind: 'failed' }>

const keyOf = (biz: BizReport): BizKey => bizKey(biz.name, biz.version)

/** `before`: the record without the doubt that this very answer raised. */
export function installed(record: BaseRecord, facts: AnswerFacts, outcome: Installed, before: BaseRecord): BaseRecord {
  const { flight, key, answer, context } = facts
  const landed = isOutdated(before, key, answer.publishedAtMs) ? record : merged(record, facts, outcome.bizs)
  if (!flight) return landed
  const sized = withMetaspace(landed, outcome)
  if (outcome.bizs.length === 0) return expecting(sized, facts, 'REPORTED_NOTHING')
  if (!outcome.bizs.some(biz => keyOf(biz) === key)) return mismatched(sized, facts, outcome.bizs)
  const expected = expecting(withOrigin(sized, key, flight, context.nowMs), facts, 'NOT_LISTED')
  return withSuccess(expected, flight, context.nowMs)
}

/** What the jar named is there now; uninstallThenInstall has removed every other version of the commanded name. */
function merged(record: BaseRecord, facts: AnswerFacts, reports: readonly BizReport[]): BaseRecord {
  const raised = { sincePublishedAtMs: facts.answer.publishedAtMs, raisedAtMs: facts.context.nowMs }
  const replaced =
    facts.flight?.strategy === 'uninstallThenInstall'
      ? versionsOf(record, facts.answer.name).filter(key => !reports.some(biz => keyOf(biz) === key))
      : []
  const bizs = new Map(without(record.bizs, ...replaced))
  // Installs that are none of ours show in the next look, too.
  for (const biz of reports) if (facts.flight || bizs.size < BIZS_MAX) bizs.set(keyOf(biz), biz)
  const next: BaseRecord = { ...record, bizs, provenance: without(record.provenance, ...replaced) }
  const touched: readonly BizKey[] = [...replaced, ...reports.map(keyOf)]
  return touched.reduce((doubtful: BaseRecord, key) => doubt(doubtful, key, raised), next)
}

function withMetaspace(record: BaseRecord, { bizs, metaspaceBytes = 0 }: Installed): BaseRecord {
  const [biz] = bizs
  // The JVM may have unloaded classes meanwhile: nothing or less than nothing is no measurement.
  if (!biz || metaspaceBytes <= 0) return record
  return { ...record, metaspaceByName: withEntry(record.metaspaceByName, biz.name, metaspaceBytes) }
}

/** From what it was installed, unless a newer look shows that it is gone already. */
export function withOrigin(
  record: BaseRecord,
  key: BizKey,
  { claim, tuple, sentAtMs }: Flight,
  nowMs: number,
): BaseRecord {
  if (claim === undefined || !tuple || !record.bizs.has(key)) return record
  return {
    ...record,
    provenance: withEntry(record.provenance, key, { tuple, claim, atMs: nowMs, tookMs: nowMs - sentAtMs }),
  }
}

/** The base says it is there. If the next look does not find it, installing again would go round in circles. */
export function expecting(record: BaseRecord, { key, flight, answer, context }: AnswerFacts, code: string): BaseRecord {
  if (flight?.claim === undefined || !flight.tuple) return record
  const expected = { claim: flight.claim, url: flight.tuple.url, code }
  return doubt(record, key, { sincePublishedAtMs: answer.publishedAtMs, raisedAtMs: context.nowMs, expected })
}

/** The jar's manifest names the biz, not the command: no retry can mend that. */
function mismatched(record: BaseRecord, facts: AnswerFacts, reports: readonly BizReport[]): BaseRecord {
  const { flight, answer, context } = facts
  const [biz] = reports
  if (!flight || !biz) return record
  const code = reports.some(({ name }) => name === answer.name) ? 'ModuleVersionMismatch' : 'ModuleNameMismatch'
  const message = shortMessage(`the jar is ${keyOf(biz)}, not ${facts.key}`)
  return withFailedInstall(record, flight, { code, message, final: true, broughtIn: keyOf(biz) }, context)
}

/** Nothing is left of a failed install; of uninstallThenInstall, nothing of any version of that name. */
export function installFailed(record: BaseRecord, facts: AnswerFacts, { code, message, cause }: Failed): BaseRecord {
  const { flight, answer, context } = facts
  if (!flight) return record
  const raised = { sincePublishedAtMs: answer.publishedAtMs, raisedAtMs: context.nowMs }
  const touched = flight.strategy === 'uninstallThenInstall' ? versionsOf(record, answer.name) : []
  const doubtful = touched.reduce((next, key) => doubt(next, key, raised), record)
  return withFailedInstall(doubtful, flight, { code, message: shortMessage(cause || message) }, context)
}
