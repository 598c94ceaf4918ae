import type { V1Lease } from '@kubernetes/client-node'
import { again, type Outcome, type Reconciler, settled } from '../loop/outcome.ts'
import { ApiError, type Clock, type Log } from '../ports.ts'
import { type MemberFacts, newMemberLease, releasedMemberLease, renewedMemberLease } from './member-lease.ts'
import { planMembership } from './plan.ts'
import { clientOf, memberName } from './replica-id.ts'
import type { Replicas } from './replicas.ts'
import { RENEWAL_WITHIN_MS, SWEEP_AFTER_MS } from './settings.ts'

/** Membership Leases, in the operator's own namespace. All throw `ApiError`; a 404 on delete is success. */
export interface Members {
  /** `undefined`: not there. */
  read(name: string, signal: AbortSignal): Promise<V1Lease | undefined>
  create(lease: V1Lease, signal: AbortSignal): Promise<V1Lease>
  /** PUT with the Lease's resourceVersion. */
  replace(lease: V1Lease, signal: AbortSignal): Promise<V1Lease>
  remove(name: string, uid: string): Promise<void>
}

export type ReplicaKey = 'replicas'
export const REPLICA_KEY: ReplicaKey = 'replicas'

export interface ReplicasControllerOptions {
  readonly replicas: Replicas
  readonly members: Members
  readonly clock: Clock
  readonly log: Log
  /** Who lives has changed, or whether we may act: whose each base is, is to be decided anew. */
  readonly onChange: () => void
  /** Another process bears our name, and has taken our place: nothing that this process does can end that. */
  readonly onDeposed: (why: string) => void
}

/** One key: keeps our membership fresh, and tells when the others change. */
export class ReplicasController implements Reconciler<ReplicaKey> {
  readonly name = 'replicas'
  readonly #of: ReplicasControllerOptions
  #triedAtMs: number | undefined
  #told = ''
  #hears: boolean | undefined

  constructor(options: ReplicasControllerOptions) {
    this.#of = options
  }

  async reconcile(): Promise<Outcome> {
    const { replicas, clock } = this.#of
    replicas.roster.judge(clock.now())
    this.#tell()
    this.#sweep()
    const plan = planMembership({
      renewedAtMs: replicas.renewedAtMs,
      triedAtMs: this.#triedAtMs,
      outdated: this.#hears !== replicas.hears,
      provenMs: replicas.roster.provenMs,
      changedAtMs: replicas.roster
        .list()
        .filter(({ ended }) => !ended)
        .map(({ changedAtMs }) => changedAtMs),
      nowMs: clock.now(),
    })
    if (replicas.deposed) return this.#leave()
    if (!plan.renew) return again(plan.wakeAfterMs, 'none', plan.why)
    await this.#renew()
    this.#tell()
    return again(plan.wakeAfterMs, 'renew', plan.why)
  }

  #leave(): Outcome {
    const { replicas, onDeposed } = this.#of
    const why = `another process bears our CLIENT_ID and took our place: ${replicas.ownLease?.spec?.holderIdentity}`
    onDeposed(why)
    return settled('leave', why)
  }

  /** At our end, when nothing is sent any more: the others need not wait until they miss us. */
  async release(): Promise<void> {
    const { replicas } = this.#of
    replicas.stop()
    const lease = replicas.ownLease
    // Where another took our place, the Lease is its own.
    if (!lease || replicas.renewedAtMs === undefined || replicas.deposed) return
    await this.#within(signal => this.#of.members.replace(releasedMemberLease(lease, replicas.memberFacts), signal))
  }

  async #renew(): Promise<void> {
    const { replicas, members, clock, log } = this.#of
    const beganAtMs = clock.now()
    const { hears } = replicas
    this.#triedAtMs = beganAtMs
    const lease = replicas.ownLease
    const facts = replicas.memberFacts
    try {
      const written = await this.#within(signal =>
        lease
          ? members.replace(renewedMemberLease(lease, facts), signal)
          : members.create(newMemberLease(facts), signal),
      )
      this.#hears = hears
      // In a new life the Lease must name it before anything is ours.
      if (replicas.renewed(written, beganAtMs) === 'lapsed') await this.#renew()
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0
      log.warn('membership not renewed', { error: String(error), status, fresh: replicas.fresh })
      if (status === 404 && lease) replicas.memberGone(lease)
      if (status === 409) await this.#look(facts)
    }
  }

  /** An answer of ours was lost, or a former life of ours left one: the watch may take long to show it. */
  async #look({ env, holder }: MemberFacts): Promise<void> {
    const { replicas, members, log } = this.#of
    try {
      const found = await this.#within(signal => members.read(memberName(env, clientOf(holder)), signal))
      if (found) replicas.ownSeen(found)
    } catch (error) {
      log.warn('membership not read', { error: String(error) })
    }
  }

  async #within<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController()
    const done = new AbortController()
    void this.#of.clock.sleep(RENEWAL_WITHIN_MS, done.signal).then(() => late.abort())
    try {
      return await call(late.signal)
    } finally {
      done.abort()
    }
  }

  #tell(): void {
    const { replicas, log, onChange } = this.#of
    const others = replicas.roster.list().map(({ holder, ended, hears, lease }) => {
      const state = ended ? 'ended' : lease ? 'lives' : 'unknown'
      return `${holder} ${state}${hears ? ' hears' : ''}`
    })
    const told = [
      `${replicas.fresh ? replicas.holder : 'fenced'}${replicas.hears ? ' hears' : ''}`,
      ...others.sort(),
    ].join(', ')
    if (told === this.#told) return
    this.#told = told
    log.info('replicas', { us: replicas.holder, fresh: replicas.fresh, replicas: told })
    onChange()
  }

  /** Nobody else removes what a replica left that ended for good. Not waited for: our renewal, by which we live, is next. */
  #sweep(): void {
    const { replicas, members, clock, log } = this.#of
    if (!replicas.fresh) return
    for (const { holder, client, ended, lease } of replicas.roster.list()) {
      if (!ended || !lease || clock.now() - ended.atMs < SWEEP_AFTER_MS) continue
      const lives = replicas.roster.present().some(other => other.client === client)
      replicas.roster.forget(holder)
      if (lives) continue
      void members.remove(lease.name, lease.uid).catch(error => log.debug('not removed', { error: String(error) }))
    }
  }
}
