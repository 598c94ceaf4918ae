import {
  type BizKey,
  type BizReport,
  bizKey,
  type Clash,
  type CommandOutcome,
  contextPathOf,
  isRootPath,
  normalPath,
  type Observation,
} from '../../mqtt-bridge/index.ts'
import { ruledOutFor, shortMessage, withFailedInstall, withSuccess } from './attempts.ts'
import type { Attempt, BaseRecord, Flight, RuledOut } from './base-record.ts'
import { doubt, versionsOf } from './doubts.ts'
import { type ObserveContext, withEntry, without } from './observed.ts'
import { isOutdated } from './outdated.ts'
import { isAtPathOfAnotherVersion, ownerOf } from './web-modules.ts'

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
  const owned = pathOfAnother(expected, key, flight)
  if (owned) return pathTaken(expected, flight, owned, context)
  const hasTakenOver = flight.strategy === 'installOnly' && !flight.proof && isAtPathOfAnotherVersion(expected, key)
  return withSuccess(hasTakenOver ? withProofUp(expected, key) : expected, flight, context.nowMs)
}

/** Where a trial would go is somebody else's: the running version must not be stopped for it (capture 219). */
function pathOfAnother(record: BaseRecord, key: BizKey, { proof, tuple, name }: Flight): Owned | undefined {
  const written = proof && (contextPathOf(tuple?.args ?? []) ?? record.webPaths.get(key))
  if (written === undefined || isRootPath(written)) return undefined
  const path = normalPath(written)
  const owner = ownerOf(record, path, name)
  return owner === undefined ? undefined : { path, owner }
}

interface Owned {
  readonly path: string
  readonly owner: string
}

function pathTaken(record: BaseRecord, flight: Flight, { path, owner }: Owned, context: ObserveContext): BaseRecord {
  const message = shortMessage(`${path} belongs to ${owner}`)
  const clash: Clash = { kind: 'contextPath', path }
  return withFailedInstall(record, flight, { code: 'PathTaken', message, clash }, context)
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
  const paths = reports.flatMap(biz =>
    biz.webContextPath !== undefined && bizs.has(keyOf(biz)) ? [[keyOf(biz), biz.webContextPath] as const] : [],
  )
  const next: BaseRecord = {
    ...record,
    bizs,
    provenance: without(record.provenance, ...replaced),
    webPaths: new Map([...without(record.webPaths, ...replaced), ...paths]),
  }
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
export function withOrigin(record: BaseRecord, key: BizKey, flight: Flight, nowMs: number): BaseRecord {
  const { claim, tuple, sentAtMs, proof } = flight
  if (claim === undefined || !tuple || !record.bizs.has(key)) return record
  if (proof) return withProofUp(record, key)
  return {
    ...record,
    provenance: withEntry(record.provenance, key, { tuple, claim, atMs: nowMs, tookMs: nowMs - sentAtMs }),
  }
}

/** What came up is a trial: the time of its start tells it from the module that will replace it. */
function withProofUp(record: BaseRecord, key: BizKey): BaseRecord {
  const { changedAtMs } = record.bizs.get(key) ?? {}
  const known = record.proofs.get(key) ?? { atMs: 0, isWritten: false }
  const { changedAtMs: _former, ...rest } = known
  const entry = { ...rest, ...(changedAtMs !== undefined && { changedAtMs }), isWritten: false }
  return {
    ...record,
    provenance: without(record.provenance, key),
    proofs: withEntry(record.proofs, key, known.changedAtMs === changedAtMs ? known : entry),
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
export function installFailed(record: BaseRecord, facts: AnswerFacts, failed: Failed): BaseRecord {
  const { code, message, cause, clash } = failed
  const { flight, answer, context } = facts
  if (!flight) return record
  const raised = { sincePublishedAtMs: answer.publishedAtMs, raisedAtMs: context.nowMs }
  const touched = flight.strategy === 'uninstallThenInstall' ? versionsOf(record, answer.name) : []
  const doubtful = touched.reduce((next, key) => doubt(next, key, raised), record)
  const met = clash && { clash, ...ruledOutBy(record, flight, clash), ...takenBy(record, flight, clash) }
  const failure = { code, message: shortMessage(cause || message), ...met }
  return withFailedInstall(withWebServer(doubtful, clash), flight, failure, context)
}

/** The path of another module, or of the base, is no fault of the jar. */
function takenBy(record: BaseRecord, { name }: Flight, clash: Clash): Partial<Pick<Attempt, 'code' | 'message'>> {
  const owner = clash.kind === 'contextPath' ? ownerOf(record, clash.path, name) : undefined
  if (clash.kind !== 'contextPath' || owner === undefined) return {}
  return { code: 'PathTaken', message: shortMessage(`${clash.path} belongs to ${owner}`) }
}

/** Only a way that left the running version alone can be ruled out: what was stopped met somebody else. */
function ruledOutBy(record: BaseRecord, flight: Flight, clash: Clash): { readonly ruledOut?: readonly RuledOut[] } {
  const { claim, tuple, strategy, proof } = flight
  if (claim === undefined || !tuple || strategy === 'uninstallThenInstall') return {}
  const known = ruledOutFor(record, claim, tuple.url)
  const isOwnTaken = proof?.kind === 'contextPath' && clash.kind === 'contextPath' && clash.path === proof.path
  const found: RuledOut = { way: proof?.kind ?? 'beside', ...(isOwnTaken && { pathTaken: clash.path }) }
  return { ruledOut: [...known, found] }
}

/** No health has told it, or its plugins have names that we do not know. */
function withWebServer(record: BaseRecord, clash: Clash | undefined): BaseRecord {
  if (clash?.kind === 'contextPath') return { ...record, webServer: 'servlet' }
  return clash?.kind === 'reactivePath' ? { ...record, webServer: 'reactive' } : record
}
