/** The times by which replicas trust and leave each other: ADR 0011 says why these. */

export const RENEW_EVERY_MS = 3_000
/** Nobody waits for it then, and with few bases it is a good part of all that is written. */
export const ALONE_RENEW_EVERY_MS = 6_000
/** Without a renewal that began this recently a replica touches nothing. */
export const FENCE_AFTER_MS = 10_000
/**
 * Unchanged for so long, a replica is gone. Above the fence by what two clocks may differ in pace (a twentieth each, see
 * `operator/clock.ts`) and a frame may need to its base.
 */
export const GONE_AFTER_MS = 13_000
/** A renewal that takes longer is given up, and tried again: an API server that is slow for all is waited for. */
export const RENEWAL_WITHIN_MS = 5_000
/** While somebody is suspected, our own renewals are the proof that our watch is current. */
export const PROVE_EVERY_MS = 500
/** The second best waits so much longer than the best, the third twice as long: whoever should take a base may be unable to. */
export const RANK_STEP_MS = 2_000
/** The same for a base that has no Lease yet: the best may be waiting for its first answer. */
export const BEGIN_STEP_MS = 10_000
/** A base whose Lease is gone while the replica that held it lives: that one puts it back, or knows the base to be dead. */
export const RESTORE_WITHIN_MS = 20_000
/** A newcomer is given nothing before: all shall know of it, and it may be one that fails at once. */
export const NEWCOMER_AFTER_MS = 5_000
/** Without the broker for so long, a replica's bases are better off with another. */
export const DEAF_AFTER_MS = 10_000
export const GIVE_PER_SECOND = 5
/** Membership Leases of those that are gone are removed then: who lives after all puts its own back. */
export const SWEEP_AFTER_MS = 60_000
