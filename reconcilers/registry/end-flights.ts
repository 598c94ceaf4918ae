/** An answer may fall into an outage and never come. Snapshots then show what became of its command. */
import type { BizKey, BizReport } from '../../mqtt-bridge/index.ts'
import { withFailedInstall, withSuccess } from './attempts.ts'
import type { BaseRecord, Flight } from './base-record.ts'
import { withOrigin } from './observe-install.ts'
import { changed, follow, type ObserveContext, type Observed, unchanged, withEntry, without } from './observed.ts'

/**
 * The outcome shows shortly before the base lets go of its lock and answers, and a failing install is `broken` for a
 * moment before it vanishes: so it must still show in a look this much later.
 */
const ANSWER_AFTER_MS = 2_000
/** A biz that stands unchanged this long is not being worked on: whatever the command was, it is over. */
const UNTOUCHED_MS = 10_000

/** So many looks without a trace mean something: one or two may have been asked for by an operator before us, and told late. */
export const TRACELESS_LOOKS = 3

export function endFlights(record: BaseRecord, publishedAtMs: number, context: ObserveContext): Observed {
  let observed = unchanged(record)
  for (const [key, flight] of record.flights) {
    const speaks = publishedAtMs > (flight.sentAfterPublishedAtMs ?? Number.NEGATIVE_INFINITY)
    if (speaks && !record.doubts.has(key)) observed = follow(observed, next => judge(next, key, flight, context))
  }
  return observed
}

function judge(record: BaseRecord, key: BizKey, flight: Flight, context: ObserveContext): Observed {
  const patienceMs = patienceFor(flight, record.bizs.get(key))
  const seenAtMs = flight.outcomeSeenAtMs ?? context.nowMs
  if (patienceMs !== undefined && context.nowMs - seenAtMs >= patienceMs) return end(record, key, flight, context)
  const looked = withLook(seen(flight, patienceMs, seenAtMs), record.bizs.get(key))
  const next = { ...record, flights: withEntry(record.flights, key, looked) }
  // Nothing else wakes whoever is to send it again.
  return looked.tracelessLooks === TRACELESS_LOOKS ? changed(next, 'bizs') : unchanged(next)
}

/**
 * An install leaves its first trace when it has downloaded its jar; one that replaces, when it stops what runs. A base takes
 * commands and questions in the order they were sent: a look that was asked for later and shows no trace has overtaken nothing.
 */
function withLook(flight: Flight, biz: BizReport | undefined): Flight {
  const { command, before, looksOwed = 0, tracelessLooks = 0 } = flight
  const hasTrace = command === 'uninstallBiz' || (biz ? differs(before, biz) : before !== undefined)
  if (hasTrace) return { ...flight, tracelessLooks: 0 }
  return looksOwed > 0 ? { ...flight, looksOwed: looksOwed - 1 } : { ...flight, tracelessLooks: tracelessLooks + 1 }
}

function seen({ outcomeSeenAtMs: _before, ...flight }: Flight, patienceMs: number | undefined, atMs: number): Flight {
  return patienceMs === undefined ? flight : { ...flight, outcomeSeenAtMs: atMs }
}

/** How long what is shown must last to be this command's outcome; undefined: it may be running. */
function patienceFor(flight: Flight, biz: BizReport | undefined): number | undefined {
  if (flight.command === 'uninstallBiz') return biz ? patienceUntouched(flight, biz) : patienceGone(flight)
  if (!biz || !isAtRest(biz)) return undefined
  return differs(flight.before, biz) ? ANSWER_AFTER_MS : patienceUntouched(flight, biz)
}

/** What was there and is no more needs no second look. */
const patienceGone = ({ before }: Flight): number => (before ? 0 : ANSWER_AFTER_MS)

/**
 * An install of ours that changes nothing is waited for until its deadline: it may be downloading still. After that, what it was
 * to replace stands as it stood, and a base ends that before it downloads: the command never arrived.
 */
function patienceUntouched(flight: Flight, biz: BizReport): number | undefined {
  const isOver = flight.overdue || neverArrived(flight)
  const mayBeDownloading = flight.command === 'installBiz' && flight.claim !== undefined && !isOver
  return isAtRest(biz) && !mayBeDownloading ? UNTOUCHED_MS : undefined
}

/** What replaces stops what stands before all else, and looks that were asked for later show that it did not. */
const neverArrived = ({ strategy, tracelessLooks = 0 }: Flight): boolean =>
  strategy === 'uninstallThenInstall' && tracelessLooks >= TRACELESS_LOOKS

/** KILLING is deactivated on its way out. */
const isAtRest = ({ state, reason }: BizReport): boolean =>
  state === 'broken' || state === 'activated' || (state === 'deactivated' && reason !== 'KILLING')

const differs = (before: Flight['before'], { state, changedAtMs }: BizReport): boolean =>
  before?.state !== state || before.changedAtMs !== changedAtMs

function end(record: BaseRecord, key: BizKey, flight: Flight, context: ObserveContext): Observed {
  const over = { ...record, flights: without(record.flights, key), drains: without(record.drains, flight.name) }
  const biz = record.bizs.get(key)
  const hadEffect = flight.command === 'installBiz' && biz !== undefined && differs(flight.before, biz)
  const next = hadEffect ? withOutcome(over, key, flight, context) : over
  const told = next.proofs === record.proofs ? changed(next, 'bizs') : changed(next, 'bizs', 'proofs')
  return { ...told, ended: [{ key, flight, outcome: 'seen' }] }
}

function withOutcome(record: BaseRecord, key: BizKey, flight: Flight, context: ObserveContext): BaseRecord {
  const originated = withOrigin(record, key, flight, context.nowMs)
  if (record.bizs.get(key)?.state !== 'broken') return withSuccess(originated, flight, context.nowMs)
  return withFailedInstall(originated, flight, { code: 'BROKEN', message: 'the module broke on its start' }, context)
}
