/** A replacement stops what runs before it starts anew: how long that is a gap, and when it is an outage. Pure. */
import type { Claim } from '../claims.ts'
import type { BaseRecord, Flight } from '../registry/base-record.ts'
import { bizOf } from './standing.ts'

/** A start that takes longer is told: the Pod is not Ready while its base shows nothing of the module. */
const GAP_MS = 5_000

const replacementsOf = ({ flights }: BaseRecord, { bizName }: Claim): readonly Flight[] =>
  [...flights.values()].filter(({ name, strategy }) => name === bizName && strategy === 'uninstallThenInstall')

/** The base was looked at since that command left, and the module was not there. */
const isSeenAbsent = (record: BaseRecord, claim: Claim, { sentAtMs, sentAfterPublishedAtMs = 0 }: Flight): boolean =>
  bizOf(record, claim) === undefined &&
  record.snapshot !== undefined &&
  record.snapshot.receivedAtMs > sentAtMs &&
  record.snapshot.publishedAtMs > sentAfterPublishedAtMs

export const isGoneForLong = (record: BaseRecord, claim: Claim, nowMs: number): boolean =>
  replacementsOf(record, claim).some(flight => nowMs - flight.sentAtMs >= GAP_MS && isSeenAbsent(record, claim, flight))

/** When a module that is being replaced may be gone for long: its Pod is looked at then. */
export const gapsEndAtMs = (record: BaseRecord, claims: readonly Claim[]): readonly number[] =>
  claims.flatMap(claim => replacementsOf(record, claim).map(({ sentAtMs }) => sentAtMs + GAP_MS))
