/** Modules of ours that no Pod claims any more: a Pod deleted by force, or while we were away. Pure. */
import type { BizKey, BizReport } from '../../mqtt-bridge/index.ts'
import * as events from '../events.ts'
import { soonest } from '../loop/outcome.ts'
import type { BaseRecord, Flight } from '../registry/base-record.ts'
import type { Decision, TunnelFacts } from './facts.ts'
import { isClean, isNews } from './foreign.ts'

export const SWEEP_AFTER_MS = 30_000
const SNAPSHOTS = 2
/** A real base has five workers without time-outs: see DESIGN 3, "Commands". */
const FLIGHTS_MAX = 3

type Unclaimed = BaseRecord['unclaimed']

/** Counted before `decideForeign` has marked the snapshot as looked at. */
export function decideUnclaimed(facts: TunnelFacts): Decision {
  const { record } = facts
  const news = isClean(record) && isNews(facts)
  if (!record.foreign || (!news && record.unclaimed.size === 0)) return {}
  const claimed = facts.claimed()
  if (!claimed) return {}
  const unclaimed = new Map([...record.bizs].flatMap(entry => countOf(facts, entry, claimed, news)))
  return same(unclaimed, record.unclaimed) ? {} : { notes: [{ kind: 'unclaimed', unclaimed }] }
}

type Entry = readonly [BizKey, { readonly sinceMs: number; readonly snapshots: number }]

function countOf(
  facts: TunnelFacts,
  [key, biz]: readonly [BizKey, BizReport],
  claimed: ReadonlySet<BizKey>,
  news: boolean,
): readonly Entry[] {
  const { record, nowMs } = facts
  if (claimed.has(key) || record.foreign?.has(key) || isUnsettled(record, key, biz)) return []
  const { sinceMs, snapshots } = record.unclaimed.get(key) ?? { sinceMs: nowMs, snapshots: 0 }
  if (news) return [[key, { sinceMs, snapshots: snapshots + 1 }]]
  return snapshots > 0 ? [[key, { sinceMs, snapshots }]] : []
}

/** It is being installed or removed. */
const isUnsettled = (record: BaseRecord, key: BizKey, { state }: BizReport): boolean =>
  state === 'resolved' || record.flights.has(key)

const same = (a: Unclaimed, b: Unclaimed): boolean =>
  a.size === b.size && [...a].every(([key, { snapshots }]) => b.get(key)?.snapshots === snapshots)

/** One at a time. */
export function decideSweep(facts: TunnelFacts): Decision {
  const { record, node, nowMs, link } = facts
  if (record.unclaimed.size === 0 || record.reach.state !== 'heard' || record.noCommands || !link.connected) return {}
  const waits = [...record.unclaimed].map(([key, entry]) => ({ key, dueInMs: dueInMs(facts, key, entry) }))
  const due = waits.find(({ dueInMs: ms }) => ms === 0)
  const biz = due && record.bizs.get(due.key)
  if (!due || !biz) {
    const wakeAfterMs = soonest(...waits.map(({ dueInMs: ms }) => ms))
    return wakeAfterMs === undefined ? {} : { wakeAfterMs, why: 'modules that nobody claims are watched' }
  }
  const { name, version } = biz
  const flight: Flight = { command: 'uninstallBiz', name, version, sentAtMs: nowMs, overdue: false }
  return {
    notes: [{ kind: 'commanded', key: due.key, flight }],
    commands: [{ kind: 'uninstallBiz', name, version }],
    events: [events.unclaimedModule(node, due.key)],
    why: `nobody claims ${due.key}`,
  }
}

/** 0: now; undefined: not by time alone. */
function dueInMs({ record, cacheFreshAtMs, nowMs }: TunnelFacts, key: BizKey, entry: Entry[1]): number | undefined {
  // Absence of a claim counts only in a cache that was proven current since.
  if (entry.snapshots < SNAPSHOTS || cacheFreshAtMs < entry.sinceMs) return undefined
  if (record.doubts.has(key) || record.flights.has(key) || record.flights.size >= FLIGHTS_MAX) return undefined
  const retryAtMs = record.uninstallFailures?.get(key)?.nextTryAtMs ?? 0
  return Math.max(0, entry.sinceMs + SWEEP_AFTER_MS - nowMs, retryAtMs - nowMs)
}
