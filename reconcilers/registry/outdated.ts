import type { BizKey } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from './base-record.ts'

/** Something newer is known of this biz than what was published then: an answer that came late, or twice. */
export function isOutdated(record: BaseRecord, key: BizKey, publishedAtMs: number): boolean {
  if (record.snapshot && record.snapshot.publishedAtMs > publishedAtMs) return true
  return (record.doubts.get(key)?.sincePublishedAtMs ?? publishedAtMs) > publishedAtMs
}
