/** Trials are written down on the base's Lease before they are sent, and forgotten when nothing can come of them (ADR 0013). Pure. */
import type { BizKey } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import type { Note } from '../registry/notes.ts'
import { isProof } from '../registry/web-modules.ts'
import type { SendStep } from './step.ts'
import { stepKey } from './step-key.ts'

/** A command may reach its base a second time, long after what it brought in was removed. */
export const PROOF_LINGERS_MS = 300_000

/** Its Lease tells of a trial whose start is not known yet: a start that was known is that of an earlier one. */
const isAnnounced = (record: BaseRecord, key: BizKey): boolean => {
  const entry = record.proofs.get(key)
  return entry?.isWritten === true && entry.changedAtMs === undefined
}

/** All but trials that are not written down yet. One that is sent again was. */
export const isReadyToProve = (record: BaseRecord, step: SendStep): boolean =>
  step.kind !== 'install' || !step.proof || step.again !== undefined || isAnnounced(record, stepKey(step))

/** Nothing of it is there or under way: it ends by time alone. */
const isIdle = (record: BaseRecord, key: BizKey): boolean =>
  !record.flights.has(key) && !(record.bizs.has(key) && isProof(record, key))

/** When each trial that left nothing is forgotten. */
export const proofExpiries = (record: BaseRecord): readonly number[] =>
  [...record.proofs].flatMap(([key, { atMs }]) => (isIdle(record, key) ? [atMs + PROOF_LINGERS_MS] : []))

export function proofNotes(record: BaseRecord, asked: readonly SendStep[], nowMs: number): readonly Note[] {
  const trials = asked.filter(step => !isReadyToProve(record, step)).map(stepKey)
  const toWrite = trials.filter(key => record.proofs.get(key)?.changedAtMs !== undefined || !record.proofs.has(key))
  const over = [...record.proofs].filter(
    ([key, { atMs }]) => !trials.includes(key) && isIdle(record, key) && atMs + PROOF_LINGERS_MS <= nowMs,
  )
  return [
    ...toWrite.map((key): Note => ({ kind: 'proof', key, atMs: nowMs })),
    ...over.map(([key]): Note => ({ kind: 'forgetProof', key })),
  ]
}
