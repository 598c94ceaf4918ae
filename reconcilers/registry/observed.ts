/** What an observation (or a note) does to a record: the common shape of all that `observe.ts` is made of. */
import type { BaseId, BizKey, LinkState } from '../../mqtt-bridge/index.ts'
import type { NodeName } from '../names.ts'
import type { BaseRecord, Change, Flight } from './base-record.ts'

export interface ObserveContext {
  readonly nowMs: number
  readonly link: LinkState
  readonly nodeNameOf: (id: BaseId) => NodeName
  /** In [0, 1), drawn anew for each observation: spreads the retries of failed installs. */
  readonly jitter: number
}

/** For Events and histograms: a command is over, and how we know. */
export interface FlightEnd {
  readonly key: BizKey
  readonly flight: Flight
  /** `seen`: no answer came, but snapshots show the outcome. `lost`: the process that ran it is gone. */
  readonly outcome: 'installed' | 'mismatch' | 'uninstalled' | 'repeat' | 'absent' | 'failed' | 'seen' | 'lost'
}

export interface Observed {
  readonly record: BaseRecord
  readonly changes: readonly Change[]
  readonly ended: readonly FlightEnd[]
}

export const unchanged = (record: BaseRecord): Observed => ({ record, changes: [], ended: [] })
export const changed = (record: BaseRecord, ...changes: readonly Change[]): Observed => ({ record, changes, ended: [] })

/** Does one thing after the other, and adds up what changed. */
export function follow(first: Observed, next: (record: BaseRecord) => Observed): Observed {
  const second = next(first.record)
  return {
    record: second.record,
    changes: [...new Set([...first.changes, ...second.changes])],
    ended: [...first.ended, ...second.ended],
  }
}

/** Newest publish time heard of this base, of any kind; undefined before the first message. */
export function newestPublishedAtMs(record: BaseRecord): number | undefined {
  const times = Object.values(record.lastPublishedAtMs)
  return times.length > 0 ? Math.max(...times) : undefined
}

export function without<K, V>(map: ReadonlyMap<K, V>, ...keys: readonly K[]): ReadonlyMap<K, V> {
  if (!keys.some(key => map.has(key))) return map
  const rest = new Map(map)
  for (const key of keys) rest.delete(key)
  return rest
}

export const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> =>
  new Map(map).set(key, value)
