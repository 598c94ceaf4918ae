import { type BizKey, bizKey } from '../../mqtt-bridge/index.ts'
import type { BaseRecord, Doubt } from './base-record.ts'
import { withEntry } from './observed.ts'

/** A base has some hundred modules. One that tells of ever more that nobody asked for must fill no memory. */
const DOUBTS_MAX = 1_000

/**
 * After an answer the base must be looked at anew. A look that is already newer than the answer settles it, so that
 * an answer which arrives late raises nothing; and a newer doubt is never replaced by an older one.
 */
export function doubt(record: BaseRecord, key: BizKey, raised: Doubt): BaseRecord {
  if (record.snapshot && record.snapshot.publishedAtMs > raised.sincePublishedAtMs) return record
  const standing = record.doubts.get(key)
  if (!standing && !raised.expected && record.doubts.size >= DOUBTS_MAX && !record.bizs.has(key)) return record
  if (!standing || standing.sincePublishedAtMs < raised.sincePublishedAtMs) {
    return { ...record, doubts: withEntry(record.doubts, key, raised) }
  }
  // The same answer again: it may know less of its command by now.
  const same = standing.sincePublishedAtMs === raised.sincePublishedAtMs
  return same ? { ...record, doubts: withEntry(record.doubts, key, { ...raised, ...standing }) } : record
}

export const isDoubted = (record: BaseRecord, key: BizKey): boolean => record.doubts.has(key)

/** Every version of a biz name that the record lists. */
export const versionsOf = (record: BaseRecord, name: string): readonly BizKey[] =>
  [...record.bizs.values()].filter(biz => biz.name === name).map(biz => bizKey(biz.name, biz.version))
