import type { BizKey } from '../../mqtt-bridge/index.ts'
import type { BaseRecord, Flight } from './base-record.ts'
import { newestPublishedAtMs, withEntry } from './observed.ts'

/** Records a command, together with what must be known later to tell its outcome from what stood before it. */
export function begin(record: BaseRecord, key: BizKey, flight: Flight): BaseRecord {
  return {
    ...record,
    flights: withEntry(record.flights, key, withBefore(record, key, flight)),
    ...(flight.proof && { proofs: withProofSent(record.proofs, key, flight) }),
  }
}

/** Sent again, it may come up again, at a time that is not known yet. */
function withProofSent(proofs: BaseRecord['proofs'], key: BizKey, { sentAtMs, tuple }: Flight): BaseRecord['proofs'] {
  return withEntry(proofs, key, { isWritten: false, ...proofs.get(key), atMs: sentAtMs, ...(tuple && { tuple }) })
}

function withBefore(record: BaseRecord, key: BizKey, flight: Flight): Flight {
  const biz = record.bizs.get(key)
  const newest = newestPublishedAtMs(record)
  return {
    ...(biz && {
      before: { state: biz.state, ...(biz.changedAtMs !== undefined && { changedAtMs: biz.changedAtMs }) },
    }),
    ...(newest !== undefined && { sentAfterPublishedAtMs: newest }),
    ...(record.life.openLooks && { looksOwed: record.life.openLooks }),
    ...flight,
  }
}
