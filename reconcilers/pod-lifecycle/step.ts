/** What is to be done next about one biz name on one base, and the facts from which that follows. */
import type { InstallStrategy, Proof } from '../../mqtt-bridge/index.ts'
import type { Claim, NameClaims } from '../claims.ts'
import type { BaseRecord, ClaimId, Flight, ModuleTuple } from '../registry/base-record.ts'

export type Step =
  | {
      readonly kind: 'install'
      readonly claim: Claim
      readonly tuple: ModuleTuple
      readonly strategy: InstallStrategy
      /** A trial: what comes up is replaced or removed, whatever becomes of it. */
      readonly proof?: Proof
      /** Stops what runs before the new one was seen to work. */
      readonly unproven: boolean
      /** Why it was not proved, for an Event. */
      readonly unprovenWhy?: string
      /** The same version stands and is replaced: its tuple, to put back if this fails. */
      readonly replaces?: ModuleTuple
      /** Sent before: it takes the place of the first, and is waited for no longer than that. */
      readonly again?: Pick<Flight, 'overdue' | 'resent'>
      readonly why: string
    }
  /** `claim` is the Pod being deleted for it, where there is one: a failure is held against that claim. */
  | {
      readonly kind: 'uninstall'
      readonly name: string
      readonly version: string
      readonly claim?: ClaimId
      readonly why: string
    }
  /** The Pods of this name leave their Services before its module is stopped. */
  | { readonly kind: 'drain'; readonly name: string; readonly why: string }
  /** Hooks of Pods that go, for which the uninstall waits. */
  | { readonly kind: 'preStop'; readonly claims: readonly Claim[]; readonly why: string }
  | {
      readonly kind: 'wait'
      readonly untilMs?: number
      /** What is waited for is the end of a drain. */
      readonly isDraining?: true
      /** The next step follows from what the base is about to say: what stands until then stays. */
      readonly isBrief?: true
      readonly why: string
    }
  | { readonly kind: 'settled'; readonly why: string }

export interface NameFacts {
  readonly record: BaseRecord
  readonly claims: NameClaims
  /** Those of every name, for what waits for another. */
  readonly all?: ReadonlyMap<string, NameClaims>
  readonly nowMs: number
}

/** A step that sends a command. */
export type SendStep = Extract<Step, { kind: 'install' | 'uninstall' }>
