/** One biz, as a snapshot and as an answer tell of it. */
import { excerpt } from '../redact.ts'
import { causeOf } from './failure-cause.ts'
import type { BizInfo, SnapshotEntry, StateRecord } from './validate.ts'
import { BIZ_STATES, type BizReport, type BizState } from './vocabulary.ts'

/**
 * Lower case in a heart and a snapshot, upper case in an answer and in records. A state that SOFAArk does not have (yet) reads as
 * `unresolved`: the biz is there, does not serve, and nobody may act on it; to leave it out would say that it is gone.
 */
export function stateOf(raw: string | null | undefined): BizState {
  const state = raw?.toLowerCase()
  return BIZ_STATES.find(known => known === state) ?? 'unresolved'
}

export function readSnapshotEntry(entry: SnapshotEntry): BizReport {
  const { latestStateRecord: record } = entry
  return report(entry.name, entry.version, { raw: entry.state ?? record?.state, record })
}

export function readBizInfo(info: BizInfo): BizReport {
  const record = info.bizStateRecords?.at(-1)
  const told = report(info.bizName, info.bizVersion, { raw: info.bizState ?? record?.state, record })
  return info.webContextPath ? { ...told, webContextPath: info.webContextPath } : told
}

interface Told {
  readonly raw: string | null | undefined
  readonly record: StateRecord | null | undefined
}

function report(name: string, version: string, { raw, record }: Told): BizReport {
  const state = stateOf(raw)
  const message = state === 'unresolved' && raw?.toLowerCase() !== state ? unknown(raw) : messageOf(record)
  return {
    name,
    version,
    state,
    ...(record?.changeTime != null ? { changedAtMs: record.changeTime } : {}),
    ...(record?.reason ? { reason: excerpt(record.reason, 64).toUpperCase() } : {}),
    ...(message ? { message } : {}),
  }
}

const unknown = (raw: string | null | undefined): string =>
  raw ? `the base reports the unknown state ${JSON.stringify(excerpt(raw, 64))}` : 'the base reports no state'

/** The record of a broken biz carries a whole stack trace. */
const messageOf = (record: StateRecord | null | undefined): string | undefined =>
  record?.message ? causeOf(record.message) : undefined
