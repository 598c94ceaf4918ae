/** What this replica knows of the others and holds itself; asks `plan.ts` whose a base is. No I/O, no timers. */
import type { V1Lease } from '@kubernetes/client-node'
import type { TokenBucket } from '../loop/token-bucket.ts'
import { leaseName, type NodeName } from '../names.ts'
import type { Ownership, Tenure } from '../ownership.ts'
import type { Clock, Log, Rng, Store } from '../ports.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import type { BaseRegistry } from '../registry/base-registry.ts'
import { type MemberFacts, readMember } from './member-lease.ts'
import { type Candidate, planTenure, type TenureFacts } from './plan.ts'
import { clientOf, holderOf } from './replica-id.ts'
import { Roster } from './roster.ts'
import { DEAF_AFTER_MS, FENCE_AFTER_MS } from './settings.ts'

export interface ReplicasOptions {
  readonly client: string
  readonly env: string
  readonly registry: Pick<BaseRegistry, 'byNode' | 'link'>
  readonly store: Pick<Store, 'lease'>
  /** Handing over is braked: a newcomer gets its share one by one. */
  readonly giving: Pick<TokenBucket, 'tryTake'>
  readonly clock: Pick<Clock, 'now'>
  readonly rng: Rng
  readonly log: Log
  /** Whether we hold a base has changed. */
  readonly onChange: (base: NodeName) => void
}

interface Held {
  readonly uid: string
  readonly version: number
}

/** Since when a base is nobody's, in the eyes of this replica. */
interface Open {
  readonly sinceMs: number
  readonly lastHolder?: string
}

const LIFE_CHARS = 6
const GIVE_AGAIN_MIN_MS = 1_000
const GIVE_AGAIN_SPREAD_MS = 4_000

const versionOf = ({ metadata }: V1Lease): number => Number(metadata?.resourceVersion ?? 0)

export class Replicas implements Ownership {
  readonly roster = new Roster()
  readonly #of: ReplicasOptions
  readonly #held = new Map<NodeName, Held>()
  readonly #open = new Map<NodeName, Open>()
  readonly #written = new Map<NodeName, number>()
  #life: string
  #renewedAtMs: number | undefined
  #ownLease: V1Lease | undefined
  #state: 'serves' | 'stopping' | 'deposed' = 'serves'

  constructor(options: ReplicasOptions) {
    this.#of = options
    this.#life = this.#newLife()
  }

  get holder(): string {
    return holderOf(this.#of.client, this.#life)
  }

  get held(): number {
    return this.#held.size
  }

  /** When the renewal that keeps us fresh began. */
  get renewedAtMs(): number | undefined {
    return this.#renewedAtMs
  }

  get deposed(): boolean {
    return this.#state === 'deposed'
  }

  /** The membership Lease as last seen or written. */
  get ownLease(): V1Lease | undefined {
    return this.#ownLease
  }

  get fresh(): boolean {
    const { clock } = this.#of
    const isRenewed = this.#renewedAtMs !== undefined && clock.now() - this.#renewedAtMs < FENCE_AFTER_MS
    return this.#state === 'serves' && isRenewed
  }

  get hears(): boolean {
    const { registry, clock } = this.#of
    const { connected, sinceMs, epoch } = registry.link
    return connected || (epoch > 0 && clock.now() - sinceMs < DEAF_AFTER_MS)
  }

  get memberFacts(): MemberFacts {
    const { env, clock } = this.#of
    return { env, holder: this.holder, hears: this.hears, nowMs: clock.now() }
  }

  acts(base: NodeName): boolean {
    if (!this.fresh) return false
    if (this.#held.has(base)) return true
    const record = this.#of.registry.byNode(base)
    if (!record || this.#of.store.lease(leaseName(base))) return false
    return planTenure(this.#factsOf(record, undefined)).kind === 'begin'
  }

  holds(base: NodeName): boolean {
    return this.fresh && this.#held.has(base)
  }

  tenure(record: BaseRecord, lease: V1Lease | undefined): Tenure {
    const tenure = planTenure(this.#factsOf(record, lease))
    if (tenure.kind !== 'give' || this.#of.giving.tryTake()) return tenure
    const wakeAfterMs = GIVE_AGAIN_MIN_MS + this.#of.rng.next() * GIVE_AGAIN_SPREAD_MS
    return { kind: 'keep', why: `${tenure.why}, after others`, wakeAfterMs }
  }

  took(base: NodeName, lease: V1Lease, askedAtMs: number): void {
    // What we asked for in a former life, or before a lapse, may have been written long ago and taken from us since.
    const isOurs = lease.spec?.holderIdentity === this.holder && this.fresh
    if (!isOurs || this.#of.clock.now() - askedAtMs >= FENCE_AFTER_MS) return
    const isNew = !this.#held.has(base)
    this.#written.set(base, versionOf(lease))
    this.#held.set(base, { uid: lease.metadata?.uid ?? '', version: versionOf(lease) })
    this.#open.delete(base)
    if (isNew) this.#of.onChange(base)
  }

  gives(base: NodeName): void {
    this.#lose(base)
  }

  knows(base: NodeName, lease: V1Lease): boolean {
    return this.#written.get(base) === versionOf(lease)
  }

  forgets(base: NodeName): void {
    this.#written.delete(base)
    this.#open.delete(base)
  }

  servedUntilMs(holder: string | undefined): number | undefined {
    // Handed over: whoever did it served the base until this very moment.
    if (holder === this.holder) return this.#of.clock.now()
    return holder === undefined ? undefined : this.roster.get(holder)?.changedAtMs
  }

  /** From the watch of the Leases of bases. */
  leaseSeen(base: NodeName, lease: V1Lease): void {
    const held = this.#held.get(base)
    const isNewer = held !== undefined && versionOf(lease) > held.version
    if (isNewer && lease.spec?.holderIdentity !== this.holder) this.#lose(base)
    this.#open.delete(base)
  }

  leaseGone(base: NodeName, lease: V1Lease): void {
    const { clock } = this.#of
    const held = this.#held.get(base)
    if (held && held.uid !== lease.metadata?.uid) return
    const lastHolder = lease.spec?.holderIdentity
    this.#open.set(base, { sinceMs: clock.now(), ...(lastHolder && { lastHolder }) })
    if (held) this.#lose(base)
  }

  /** From the watch of membership Leases. */
  memberSeen(lease: V1Lease): void {
    const { clock, client } = this.#of
    const member = readMember(lease)
    if (!member) return
    if (clientOf(member.holder) !== client) {
      this.roster.seen(member, clock.now())
      return
    }
    if (member.holder === this.holder) this.roster.proven(member.renewedAtMs ?? Number.NEGATIVE_INFINITY)
    this.ownSeen(lease)
  }

  /** However we came to see it. */
  ownSeen(lease: V1Lease): void {
    const { client, log } = this.#of
    if (this.#ownLease && versionOf(lease) <= versionOf(this.#ownLease)) return
    this.#ownLease = lease
    const holder = lease.spec?.holderIdentity ?? ''
    const isTwin = holder !== this.holder && this.#renewedAtMs !== undefined && clientOf(holder) === client
    if (!isTwin || this.#state !== 'serves') return
    log.error('another process bears our CLIENT_ID: we serve no more', { client, holder })
    this.#state = 'deposed'
  }

  /** Others are judged by time alone: a list may come from a server that is behind. */
  memberGone(lease: V1Lease): void {
    if (lease.metadata?.uid === this.#ownLease?.metadata?.uid) this.#ownLease = undefined
  }

  /** The API server took our membership. Too late, and we begin a new life: what we held may be another's by now. */
  renewed(lease: V1Lease, beganAtMs: number): 'fresh' | 'lapsed' {
    const { clock, log } = this.#of
    this.#ownLease = lease
    const lapsed = this.#renewedAtMs !== undefined && clock.now() - this.#renewedAtMs >= FENCE_AFTER_MS
    if (!lapsed) {
      this.#renewedAtMs = beganAtMs
      return 'fresh'
    }
    this.#life = this.#newLife()
    this.#renewedAtMs = undefined
    log.warn('our membership had lapsed: all bases are taken anew', { held: this.#held.size })
    for (const base of [...this.#held.keys()]) this.#lose(base)
    return 'lapsed'
  }

  /** From now on nothing is touched. */
  stop(): void {
    if (this.#state === 'serves') this.#state = 'stopping'
  }

  #newLife(): string {
    return Math.floor(this.#of.rng.next() * 36 ** LIFE_CHARS)
      .toString(36)
      .padStart(LIFE_CHARS, '0')
  }

  #lose(base: NodeName): void {
    if (this.#held.delete(base)) this.#of.onChange(base)
  }

  #candidates(): readonly Candidate[] {
    const us = { holder: this.holder, sinceMs: this.#renewedAtMs ?? 0, hears: this.hears }
    return [us, ...this.roster.present()]
  }

  #factsOf(record: BaseRecord, lease: V1Lease | undefined): TenureFacts {
    const { nodeName: base, life, flights, doubts } = record
    const { clock } = this.#of
    const nowMs = clock.now()
    const holder = lease?.spec?.holderIdentity
    const open = this.#openOf(base, lease, nowMs)
    const last = open.lastHolder === undefined ? undefined : this.roster.get(open.lastHolder)
    return {
      base,
      us: this.holder,
      fresh: this.fresh,
      held: this.#held.has(base),
      holder,
      holderIs: this.#standingOf(holder, nowMs),
      openSinceMs: (holder !== undefined ? this.roster.get(holder)?.ended?.atMs : undefined) ?? open.sinceMs,
      lastHolder: open.lastHolder,
      lastHolderPresent: last !== undefined && !last.ended,
      heardAtMs: life.heardAtMs,
      busy: flights.size > 0 || doubts.size > 0,
      candidates: this.#candidates(),
      nowMs,
    }
  }

  #openOf(base: NodeName, lease: V1Lease | undefined, nowMs: number): Open {
    if (lease) return { sinceMs: nowMs }
    const known = this.#open.get(base) ?? { sinceMs: nowMs }
    this.#open.set(base, known)
    return known
  }

  #standingOf(holder: string | undefined, nowMs: number): TenureFacts['holderIs'] {
    if (holder === undefined || holder === this.holder) return 'us'
    if (clientOf(holder) === this.#of.client) return 'formerLife'
    return this.roster.heardOf(holder, nowMs).ended ? 'ended' : 'present'
  }
}
