/** Facts that our own shells establish about a base, and how each changes its record. Pure. */
import type { BizKey } from '../../mqtt-bridge/index.ts'
import type { Attempt, BaseRecord, ClaimId, Flight, NoCommands, Reach } from './base-record.ts'

export type Note =
  | { readonly kind: 'asked'; readonly atMs: number }
  | { readonly kind: 'commanded'; readonly key: BizKey; readonly flight: Flight }
  /** The broker never took the command: it is surely not running. */
  | { readonly kind: 'unsent'; readonly key: BizKey }
  | { readonly kind: 'overdue'; readonly key: BizKey; readonly atMs: number }
  | { readonly kind: 'attempt'; readonly claim: ClaimId; readonly attempt: Attempt | undefined }
  | { readonly kind: 'reach'; readonly reach: Reach }
  | { readonly kind: 'noCommands'; readonly noCommands: NoCommands | undefined }
  | { readonly kind: 'foreign'; readonly keys: ReadonlySet<BizKey> }
  | { readonly kind: 'unclaimed'; readonly unclaimed: BaseRecord['unclaimed'] }
  | {
      readonly kind: 'provenance'
      readonly key: BizKey
      readonly provenance: BaseRecord['provenance'] extends ReadonlyMap<BizKey, infer P> ? P : never
    }
  | { readonly kind: 'basePod'; readonly basePod: BaseRecord['basePod'] | undefined }
  | { readonly kind: 'forgetClaims'; readonly claims: readonly ClaimId[] }
