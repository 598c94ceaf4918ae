/** Whose base is it? The one question that whoever writes, asks, judges or commands puts first. */
import type { V1Lease } from '@kubernetes/client-node'
import type { NodeName } from './names.ts'
import type { BaseRecord } from './registry/base-record.ts'

/** What is to become of our hold on one base: the verdict of `peer-replicas/plan.ts`. */
export type Tenure =
  /** Ours: its Lease is renewed. */
  | { readonly kind: 'keep'; readonly why: string; readonly wakeAfterMs?: number }
  /** Its Lease is to be written in our name; until that has succeeded it is not ours. */
  | { readonly kind: 'take'; readonly why: string }
  /** Its Lease is to be written in the name of another, who is better placed. */
  | { readonly kind: 'give'; readonly to: string; readonly why: string }
  /** It has no Lease, and the first is ours to create. */
  | { readonly kind: 'begin'; readonly why: string }
  /** Another's, or not ours yet: nothing of it is touched. */
  | { readonly kind: 'leave'; readonly why: string; readonly wakeAfterMs?: number }
  /** We cannot prove that we are still counted among the living: nothing at all is touched. */
  | { readonly kind: 'fence'; readonly why: string }

export interface Ownership {
  /** As it stands in the Leases that are ours. */
  readonly holder: string
  /** May the base be asked and judged, its Node and Pods be written, at this moment? */
  acts(base: NodeName): boolean
  /** May what runs on the base be changed, at this moment? Only by whom its Lease names. */
  holds(base: NodeName): boolean
  tenure(base: BaseRecord, lease: V1Lease | undefined): Tenure
  /** The API server took a Lease in our name. `askedAtMs`: when we asked it to. */
  took(base: NodeName, lease: V1Lease, askedAtMs: number): void
  /** Before its Lease is written in the name of another: from now on it is not ours. */
  gives(base: NodeName): void
  /** The Lease is as we last wrote it: nobody has had the base since. */
  knows(base: NodeName, lease: V1Lease): boolean
  /** Nothing is known of the base any more. */
  forgets(base: NodeName): void
  /** Until when, by our clock, the replica that last held it may have acted; undefined: not known. */
  servedUntilMs(holder: string | undefined): number | undefined
}

/** There is no other replica, and nobody looks for one. */
export const alone = (holder: string): Ownership => ({
  holder,
  acts: () => true,
  holds: () => true,
  tenure: () => ({ kind: 'keep', why: 'there is no other replica' }),
  took: () => undefined,
  gives: () => undefined,
  knows: () => true,
  forgets: () => undefined,
  servedUntilMs: () => undefined,
})
