/** What each part of the tunnel's plan is given, and what it may decide. Data only. */
import type { CoreV1Event } from '@kubernetes/client-node'
import type { BizKey, Command, LinkState } from '../../mqtt-bridge/index.ts'
import type { NodeRef } from '../events.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import type { Note } from '../registry/notes.ts'
import type { Census } from './census.ts'
import type { TunnelSettings } from './settings.ts'

/** What ran on the base when it was last looked at with nothing under way. */
export interface Watched {
  readonly snapshots: number
  readonly restarts: number
  readonly keys: ReadonlySet<BizKey>
}

/** What the shell remembers of one base between two runs. Lost with the process, and nothing breaks by that. */
export interface Memo {
  /** Of which tenure it is: what was remembered before the base was taken over from another replica holds no more. */
  readonly takenAtMs?: number
  /** When each question was last asked. */
  readonly askedAtMs: { readonly health?: number; readonly queryAllBiz?: number }
  /** Oldest question since the last sign of life that the broker took: one it did not take proves no silence. */
  readonly askedSurelySinceMs?: number
  readonly watched?: Watched
  /** Installs that we sent and that may still show, and when each last did: what appears under these names is ours. */
  readonly commanded: ReadonlyMap<BizKey, number>
  /** Publish time of the queryBaseline that was answered last. */
  readonly baselineAtMs?: number
  /** When it was answered, by our clock. */
  readonly greetedAtMs?: number
  /** Restarts that were told of in an Event. */
  readonly restartsTold?: number
}

export const NO_MEMO: Memo = { askedAtMs: {}, commanded: new Map() }

export interface TunnelFacts {
  readonly record: BaseRecord
  readonly node: NodeRef
  readonly hasNode: boolean
  readonly link: LinkState
  readonly census: Census
  /** When a base was last declared dead for its silence. */
  readonly lastDeathAtMs: number | undefined
  readonly ownPod: 'running' | 'leaving' | 'ended' | 'unknown' | 'none'
  /** For how long a Pod on this base asks to be kept while it is silent; absent: none does. */
  readonly toleratedMs?: () => number
  /** Every `name:version` that a Pod on this base asks for; undefined while the cache is not known to be complete. */
  readonly claimed: () => ReadonlySet<BizKey> | undefined
  /** When the API server last proved our cache of Pods current. */
  readonly cacheFreshAtMs: number
  readonly memo: Memo
  /** In [0, 1), the same at each run of one base: spreads what all bases would else do at once. */
  readonly slot: number
  readonly settings: TunnelSettings
  readonly nowMs: number
}

export type DeathCause = 'silent' | 'ownPod' | 'deactivated'

export interface Decision {
  readonly notes?: readonly Note[]
  readonly events?: readonly CoreV1Event[]
  readonly commands?: readonly Command[]
  /** Names of commands that passed their deadline, for the metric. */
  readonly deadlines?: readonly string[]
  readonly memo?: Partial<Memo>
  readonly died?: DeathCause
  /** Its Pods go as at its death, but for those that ask to be kept. */
  readonly lost?: true
  /** The record is dropped: nothing is known of the base any more. */
  readonly forget?: true
  readonly wakeAfterMs?: number
  readonly why?: string
}
