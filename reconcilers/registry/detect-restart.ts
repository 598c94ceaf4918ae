import type { BizKey } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from './base-record.ts'
import type { Observed } from './observed.ts'
import { newestPublishedAtMs } from './observed.ts'

/** A JVM takes at most this long from its start to its queryBaseline. */
const BASELINE_WITHIN_MS = 60_000

/**
 * A queryBaseline comes once per process. Not a restart: one that arrives after later messages of its own process, or
 * after a health that already told of this process.
 */
export function startedAnew(record: BaseRecord, publishedAtMs: number): boolean {
  const newest = newestPublishedAtMs(record)
  if (newest !== undefined && publishedAtMs <= newest) return false
  const began = record.process?.runTime?.startedPublishedAtMs
  if (began === undefined) return true
  const announced = record.lastPublishedAtMs.queryBaseline
  const isItsFirst = announced === undefined || announced < began
  const soonAfter = publishedAtMs >= began && publishedAtMs - began < BASELINE_WITHIN_MS
  return !(isItsFirst && soonAfter)
}

/**
 * Nothing of the former process holds: no module, no command, no doubt. Kept: what is ours (foreign modules, failures
 * of claims: a broken jar is not tried before its time only because the base came back).
 */
export function restarted(record: BaseRecord, sincePublishedAtMs: number, nowMs: number): Observed {
  const { snapshot: _dropped, uninstallFailures: _refused, deactivated: _ended, webServer: _lent, ...kept } = record
  const { askedSinceMs: _unanswered, ...life } = kept.life
  return {
    record: {
      ...kept,
      life,
      process: { ...(kept.process ?? { earlierStartsMs: [] }), sincePublishedAtMs },
      bizs: new Map(),
      flights: new Map(),
      doubts: new Map(),
      provenance: new Map(),
      unclaimed: new Map(),
      webPaths: new Map(),
      drains: new Map(),
      preStops: new Map(),
      restarts: kept.restarts + 1,
      restartedAtMs: nowMs,
      endedByRestart: startsOf(record),
    },
    changes: ['restarted', 'bizs'],
    ended: [...record.flights].map(([key, flight]) => ({ key, flight, outcome: 'lost' as const })),
  }
}

const startsOf = ({ bizs }: BaseRecord): ReadonlyMap<BizKey, number> =>
  new Map([...bizs].flatMap(([key, { changedAtMs }]) => (changedAtMs === undefined ? [] : [[key, changedAtMs]])))
