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

/** No message is this late on a clean session: the base has another clock by now, or somebody else wrote it. */
const STRAY_MS = 60_000
/** Between two answers the clocks of base and operator go on alike, but for the ways of the messages. */
const PACE_MS = 60_000

export type Timing =
  | 'inTime'
  /** Far back, and the only one so far: no word on the clock, nor on anything else. */
  | 'stray'
  /** The second in a row, answers to two questions of ours: the clock was set back. */
  | 'stepped'

export function timingOf(record: BaseRecord, observation: Observation, nowMs: number): Timing {
  const newest = newestPublishedAtMs(record)
  if (newest === undefined || observation.publishedAtMs >= newest - STRAY_MS) return 'inTime'
  return answersQuestion(record, observation) && confirms(record, observation, nowMs) ? 'stepped' : 'stray'
}

/** A health or a look while a question is open. */
export const answersQuestion = ({ life }: BaseRecord, { kind }: Observation): boolean =>
  life.askedSinceMs !== undefined && (kind === 'health' || kind === 'snapshot')

/** Later than the first by the base's clock, at the pace of ours, and to a question that was asked since. */
function confirms({ strayed, life }: BaseRecord, { publishedAtMs }: Observation, nowMs: number): boolean {
  if (!strayed || (life.askedSinceMs ?? 0) < strayed.heardAtMs) return false
  const passedMs = publishedAtMs - strayed.publishedAtMs
  return passedMs > 0 && passedMs <= nowMs - strayed.heardAtMs + PACE_MS
}

/**
 * After a base's clock was set back, everything kept in its old time would outrank all that it says from now on:
 * snapshots would be ignored, doubts never lifted, until the clock caught up. So the old times are drawn down to it.
 */
export function rebased(record: BaseRecord, { publishedAtMs }: Observation): BaseRecord {
  const before = publishedAtMs - 1
  const cap = (ms: number): number => Math.min(ms, before)
  const { strayed: _first, ...kept } = record
  const { snapshot, process } = kept
  return {
    ...kept,
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
