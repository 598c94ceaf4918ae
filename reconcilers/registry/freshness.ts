import type { Observation } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from './base-record.ts'
import { newestPublishedAtMs } from './observed.ts'

export type Freshness =
  | 'new'
  /** Delivered twice: proves nothing that it did not prove before. */
  | 'repeated'
  /** Overtaken by a newer message of its kind: the base lives, but what it says is out of date. */
  | 'late'
  /** Said by a process that has since been replaced. */
  | 'formerProcess'

/** Answers are never late: each stands for a command of its own, and a base keeps no order between them. */
export function freshnessOf(record: BaseRecord, { kind, publishedAtMs }: Observation): Freshness {
  const since = record.process?.sincePublishedAtMs
  if (since !== undefined && publishedAtMs < since) return 'formerProcess'
  if (kind === 'answer' || kind === 'batchAnswer') return 'new'
  const last = record.lastPublishedAtMs[kind]
  if (last === undefined || publishedAtMs > last) return 'new'
  return publishedAtMs === last ? 'repeated' : 'late'
}

/** No message is this late on a clean session: the base's clock was set back (or it moved to a host with another). */
const CLOCK_STEP_MS = 60_000

/**
 * After a base's clock was set back, everything kept in its old time would outrank all that it says from now on:
 * snapshots would be ignored, doubts never lifted, until the clock caught up. So the old times are drawn down to it.
 */
export function rebased(record: BaseRecord, { publishedAtMs }: Observation): BaseRecord {
  const newest = newestPublishedAtMs(record)
  if (newest === undefined || publishedAtMs >= newest - CLOCK_STEP_MS) return record
  const before = publishedAtMs - 1
  const cap = (ms: number): number => Math.min(ms, before)
  const { snapshot, process } = record
  return {
    ...record,
    lastPublishedAtMs: {},
    ...(snapshot && { snapshot: { ...snapshot, publishedAtMs: cap(snapshot.publishedAtMs) } }),
    ...(process?.sincePublishedAtMs !== undefined && {
      process: { ...process, sincePublishedAtMs: cap(process.sincePublishedAtMs) },
    }),
    doubts: mapValues(record.doubts, doubt => ({ ...doubt, sincePublishedAtMs: cap(doubt.sincePublishedAtMs) })),
    flights: mapValues(record.flights, flight =>
      flight.sentAfterPublishedAtMs === undefined
        ? flight
        : { ...flight, sentAfterPublishedAtMs: cap(flight.sentAfterPublishedAtMs) },
    ),
  }
}

const mapValues = <K, V>(map: ReadonlyMap<K, V>, change: (value: V) => V): ReadonlyMap<K, V> =>
  new Map([...map].map(([key, value]) => [key, change(value)]))
