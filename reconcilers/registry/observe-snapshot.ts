import { type BizKey, type BizReport, bizKey, type Observation } from '../../mqtt-bridge/index.ts'
import { withFailure } from './attempts.ts'
import type { BaseRecord, Doubt } from './base-record.ts'
import { isDuplicated } from './detect-duplicate.ts'
import { endFlights } from './end-flights.ts'
import { changed, follow, type ObserveContext, type Observed, unchanged, without } from './observed.ts'

type SnapshotHeard = Extract<Observation, { kind: 'snapshot' }>

/** A base that we serve is asked more often than this, as long as it lives. */
const ASKED_WITHIN_MS = 150_000

/**
 * Only an answer to a question of ours is a fact. A replica that stands by asks nothing and believes what another has asked for; so
 * does one that never asked.
 */
export function isUnasked({ life }: BaseRecord, { kind }: Observation, nowMs: number): boolean {
  const { openLooks = 0, askedAtMs } = life
  return kind === 'snapshot' && openLooks === 0 && askedAtMs !== undefined && nowMs - askedAtMs <= ASKED_WITHIN_MS
}

/** All that runs on the base, as of `publishedAtMs`; what a later answer said of a biz outranks it. */
export function observeSnapshot(record: BaseRecord, heard: SnapshotHeard, context: ObserveContext): Observed {
  // Of two processes that alternate, either may have said it: what is known stays until they stop.
  if (isDuplicated(record, context.nowMs)) return unchanged(record)
  const looked = replaced(record, heard, context)
  const judged = follow(looked, next => judgeExpected(next, record.doubts, context))
  const broken = follow(judged, next => judgeBroken(next, record.bizs, context))
  return follow(broken, next => endFlights(next, heard.publishedAtMs, context))
}

function replaced(record: BaseRecord, heard: SnapshotHeard, { nowMs }: ObserveContext): Observed {
  const { publishedAtMs } = heard
  const standing = new Map([...record.doubts].filter(([, doubt]) => doubt.sincePublishedAtMs >= publishedAtMs))
  const bizs = new Map(heard.bizs.map(biz => [bizKey(biz.name, biz.version), biz]))
  for (const key of standing.keys()) overrule(bizs, key, record.bizs.get(key))
  const gone = [...record.provenance.keys()].filter(key => !bizs.has(key))
  const { suspectAtMs: _asked, ...life } = withoutLook(record.life)
  const next: BaseRecord = {
    ...record,
    life,
    bizs,
    doubts: standing,
    provenance: without(record.provenance, ...gone),
    webPaths: ofPresent(record.webPaths, bizs),
    snapshot: { publishedAtMs, receivedAtMs: nowMs, count: (record.snapshot?.count ?? 0) + 1 },
    ...(record.uninstallFailures && { uninstallFailures: ofPresent(record.uninstallFailures, bizs) }),
  }
  const news = !record.snapshot || standing.size < record.doubts.size || !sameBizs(record.bizs, bizs)
  return news ? changed(next, 'bizs') : unchanged(next)
}

/** One of the looks that were asked for has been told. */
export const withoutLook = (life: BaseRecord['life']): BaseRecord['life'] =>
  life.openLooks ? { ...life, openLooks: life.openLooks - 1 } : life

function overrule(bizs: Map<BizKey, BizReport>, key: BizKey, known: BizReport | undefined): void {
  if (known) bizs.set(key, known)
  else bizs.delete(key)
}

const ofPresent = <V>(map: ReadonlyMap<BizKey, V>, bizs: ReadonlyMap<BizKey, BizReport>): ReadonlyMap<BizKey, V> =>
  without(map, ...[...map.keys()].filter(key => !bizs.has(key)))

function sameBizs(a: ReadonlyMap<BizKey, BizReport>, b: ReadonlyMap<BizKey, BizReport>): boolean {
  return a.size === b.size && [...a].every(([key, biz]) => sameReport(biz, b.get(key)))
}

const sameReport = (a: BizReport, b: BizReport | undefined): boolean =>
  a.state === b?.state && a.changedAtMs === b.changedAtMs && a.reason === b.reason && a.message === b.message

/** The base had said that a claim's biz was there, and now does not list it: counted, so that it is not tried in a loop. */
function judgeExpected(record: BaseRecord, before: BaseRecord['doubts'], context: ObserveContext): Observed {
  const missing = [...before].flatMap(([key, { expected }]) => (expected && isMissing(record, key) ? [expected] : []))
  if (missing.length === 0) return unchanged(record)
  const message = 'the base says that it is there but does not list it: another module, or gone at once'
  const fail = (next: BaseRecord, { claim, url, code }: NonNullable<Doubt['expected']>): BaseRecord =>
    withFailure(next, claim, { url, code, message }, context)
  return changed(missing.reduce(fail, record), 'bizs')
}

function isMissing(record: BaseRecord, key: BizKey): boolean {
  const name = key.slice(0, key.indexOf(':'))
  const busy = [...record.flights.values()].some(flight => flight.name === name)
  return !record.bizs.has(key) && !record.doubts.has(key) && !busy
}

/** A module that ran for a claim and broke failed that claim. */
function judgeBroken(record: BaseRecord, before: BaseRecord['bizs'], context: ObserveContext): Observed {
  const broken = [...record.provenance].filter(([key]) => {
    const was = before.get(key)
    return was !== undefined && !isDown(was) && isDown(record.bizs.get(key)) && !record.flights.has(key)
  })
  if (broken.length === 0) return unchanged(record)
  const failed = broken.reduce(
    (next, [, { claim, tuple }]) =>
      withFailure(next, claim, { url: tuple.url, code: 'BROKEN', message: 'the module broke down' }, context),
    record,
  )
  return changed(failed, 'bizs')
}

const isDown = (biz: BizReport | undefined): boolean => biz?.state === 'broken' || biz?.state === 'stopped'
