import type { V1Lease, V1Node } from '@kubernetes/client-node'
import * as events from '../events.ts'
import { Latest, WATCH_LAG_MS } from '../latest.ts'
import { again, type Outcome, type Reconciler, settled, soonest } from '../loop/outcome.ts'
import { WriteBrake } from '../loop/write-brake.ts'
import { type LeaseName, leaseName, type NodeName } from '../names.ts'
import type { Ownership } from '../ownership.ts'
import {
  ApiError,
  type BasePods,
  type Clock,
  type Cluster,
  type Events,
  type Log,
  type Rng,
  type Store,
} from '../ports.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import type { BaseRegistry } from '../registry/base-registry.ts'
import { adoptBase } from './adopt.ts'
import { lookedAtMs, RENEW_EVERY_MS, RENEW_JITTER } from './lease.ts'
import { NoAddress } from './no-address.ts'
import { OwnPodSearch } from './own-pod-search.ts'
import { type NodeAction, type NodeFacts, planNode } from './plan.ts'
import { writtenProofs } from './proofs-on-lease.ts'
import type { NodeLeaseSettings } from './settings.ts'
import { whoseElse } from './whose.ts'

export interface NodeLeaseControllerOptions {
  readonly registry: Pick<BaseRegistry, 'byNode' | 'note' | 'link' | 'takeUp'>
  readonly ownership: Ownership
  readonly store: Store
  readonly cluster: Cluster
  readonly basePods: BasePods
  /** For looking again: no index helps the API server there, and a fleet that came at once would look at once. */
  readonly furtherLooks: { tryTake(): boolean }
  readonly events: Events
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Log
  readonly settings: NodeLeaseSettings
}

/** Older than this, absence from the cache proves nothing. */
const CACHE_FRESH_MS = 120_000
const LOOK_AGAIN_MS = 200
const LOOK_SOON_MS = 1
const TAKEN_LOOK_AGAIN_MS = 60_000
const CHANGES: ReadonlySet<NodeAction['kind']> = new Set([
  'patchNode',
  'patchNodeStatus',
  'renewLease',
  'takeLease',
  'giveLease',
])

type LeaseAction = Extract<NodeAction, { kind: `${string}Lease` }>

const leaseKey = (name: NodeName): string => `lease ${name}`

interface Obstacle {
  readonly waitMs: number
  readonly why: string
}

/** Keyed by Node: its base has a Node and a Lease that tell the truth, or neither. Never speaks to a base. */
export class NodeLeaseController implements Reconciler<NodeName> {
  readonly name = 'nodes'
  readonly #of: NodeLeaseControllerOptions
  readonly #nodes = new Latest<NodeName, V1Node>()
  readonly #leases = new Latest<LeaseName, V1Lease>()
  /** Since when the API server says that a Node exists which our watch does not show. */
  readonly #takenSinceMs = new Map<NodeName, number>()

  readonly #brake = new WriteBrake<string>()
  readonly #noAddress: NoAddress
  readonly #search: OwnPodSearch

  constructor(options: NodeLeaseControllerOptions) {
    this.#of = options
    this.#noAddress = new NoAddress(options)
    this.#search = new OwnPodSearch(options)
  }

  async reconcile(name: NodeName): Promise<Outcome> {
    const { registry, store } = this.#of
    if (!store.synced) return settled('none', 'not synced')
    if (!registry.byNode(name)) this.#forget(name)
    const lookInMs = await this.#search.lookUp(name)
    const facts = this.#facts(name)
    const plan = planNode(facts)
    this.#noteWhose(facts)
    this.#noAddress.tell(facts)
    for (const [at, action] of plan.actions.entries()) {
      if (at > 0 && !this.#isDueStill(name, action)) break
      const obstacle = await this.#carryOut(name, action)
      if (obstacle) return again(obstacle.waitMs, action.kind, `${action.why}, but ${obstacle.why}`)
    }
    const wakeMs = soonest(plan.wakeAfterMs === undefined ? undefined : this.#jittered(plan.wakeAfterMs), lookInMs)
    const what = plan.actions.map(({ kind }) => kind).join(', ') || 'none'
    return wakeMs === undefined ? settled(what, plan.why) : again(wakeMs, what, plan.why)
  }

  /** Nothing that is bound to a Node of others is ours, whatever its labels say. */
  #noteWhose({ record, node, lease, settings }: NodeFacts): void {
    if (!record) return
    const isOthers = whoseElse({ record, node, lease }, settings.env) !== undefined
    if (isOthers) this.#note(record, 'others')
    else if (node) this.#note(record, 'ours')
  }

  #note({ id, nodeIs: known }: BaseRecord, nodeIs: 'ours' | 'others'): void {
    if (nodeIs !== known) this.#of.registry.note(id, { kind: 'nodeIs', nodeIs })
  }

  /** Each write takes its time, in which a base may have spoken. */
  #isDueStill(name: NodeName, { kind }: NodeAction): boolean {
    const isRemoval = kind === 'deleteLease' || kind === 'deleteNode'
    return this.#isOursStill(name) && !(isRemoval && this.#of.registry.byNode(name)?.reach.state === 'heard')
  }

  /** Ours may have run out meanwhile. */
  #isOursStill(name: NodeName): boolean {
    return this.#of.ownership.acts(name)
  }

  #facts(name: NodeName): NodeFacts {
    const { registry, store, settings, clock, ownership } = this.#of
    const nowMs = clock.now()
    const record = registry.byNode(name)
    const lease = this.#leases.of(leaseName(name), store.lease(leaseName(name)), nowMs)
    return {
      record,
      node: this.#nodes.of(name, store.node(name), nowMs),
      lease,
      tenure: record ? ownership.tenure(record, lease) : { kind: 'leave', why: 'no base of that name is known' },
      link: registry.link,
      podsLeft: store.podsOn(name).length,
      topology: this.#search.topologyOf(name),
      settings: { ...settings, holderIdentity: ownership.holder },
      nowMs,
    }
  }

  /** Long waits are for Leases: spread, and never sooner, so that none is renewed before it is due. */
  #jittered(ms: number): number {
    return ms < 1_000 ? ms : ms + this.#of.rng.next() * RENEW_JITTER * RENEW_EVERY_MS
  }

  /** What stood in the way, where that is no failure: the object was deleted or created meanwhile. */
  async #carryOut(name: NodeName, action: NodeAction): Promise<Obstacle | undefined> {
    const waitMs = this.#brakeMs(name, action)
    if (waitMs > 0) return { waitMs, why: 'somebody undoes it as often as it is written' }
    try {
      if (action.kind === 'giveUp' && (await this.#isHidden(name)))
        return { waitMs: LOOK_SOON_MS, why: 'its Node is there: only its labels were removed' }
      await this.#write(name, action)
      return undefined
    } catch (error) {
      return this.#obstacleOf(name, action, error)
    }
  }

  /** @throws what was caught, where that is a failure */
  async #obstacleOf(name: NodeName, { kind }: NodeAction, error: unknown): Promise<Obstacle> {
    const status = error instanceof ApiError ? error.status : 0
    // What we believed of the object is wrong: the cache, or the next look at it, knows better.
    if (status === 404 || status === 409) this.#forgetWrites(name)
    if (status === 404 && CHANGES.has(kind)) return { waitMs: LOOK_AGAIN_MS, why: 'it was deleted meanwhile' }
    if (status === 409 && kind === 'createNode') return this.#nameTaken(name)
    throw error
  }

  /** A Lease is renewed whoever fights over its Node. */
  #brakeMs(name: NodeName, { kind }: NodeAction): number {
    if (!CHANGES.has(kind)) return 0
    return this.#brake.take(kind === 'renewLease' ? leaseKey(name) : name, this.#of.clock.now())
  }

  /** The watch will show it in a moment, if it is ours; one whose labels were removed, and those of others, it never shows. */
  async #nameTaken(name: NodeName): Promise<Obstacle> {
    const { clock } = this.#of
    const why = 'a Node of that name exists'
    const since = this.#takenSinceMs.get(name)
    const isLate = since !== undefined && clock.now() - since >= WATCH_LAG_MS
    if (since === undefined || isLate) {
      this.#takenSinceMs.set(name, since ?? clock.now())
      if (await this.#isHidden(name)) return { waitMs: LOOK_SOON_MS, why: `${why}, and is ours` }
    }
    if (!isLate) return { waitMs: LOOK_AGAIN_MS, why }
    this.#refuse(name, `${why} and is no Node of ours`)
    return { waitMs: TAKEN_LOOK_AGAIN_MS, why }
  }

  /** Ours, though our watch does not show it: from now on it is planned for as it stands there. */
  async #isHidden(name: NodeName): Promise<boolean> {
    const { cluster, registry, settings } = this.#of
    const node = await cluster.readNode(name)
    const record = registry.byNode(name)
    const { lease } = this.#facts(name)
    if (!node || !record || whoseElse({ record, node, lease }, settings.env) !== undefined) return false
    this.#takenSinceMs.delete(name)
    this.#wroteNode(name, node)
    return true
  }

  async #write(name: NodeName, action: NodeAction): Promise<void> {
    const { cluster, log } = this.#of
    switch (action.kind) {
      case 'createNode':
        this.#created(name, await cluster.createNode(action.node))
        return
      case 'patchNode':
        return this.#wroteNode(name, await cluster.patchNode(name, action.patch))
      case 'patchNodeStatus':
        return this.#wroteNode(name, await cluster.patchNodeStatus(name, action.patch))
      case 'deleteNode':
        this.#nodes.forget(name)
        await cluster.deleteNode(name, action.uid)
        log.info('node removed', { node: name, why: action.why })
        return
      case 'giveUp':
        return this.#giveUp(name, action.why)
      case 'refuse':
        return this.#refuse(name, action.why)
      default:
        return this.#writeLease(name, action)
    }
  }

  async #writeLease(name: NodeName, action: LeaseAction): Promise<void> {
    const { cluster } = this.#of
    switch (action.kind) {
      case 'createLease':
        return this.#own(name, () => cluster.createLease(action.lease))
      case 'renewLease':
        return this.#own(name, () => cluster.replaceLease(action.lease))
      case 'takeLease':
        return this.#take(name, action)
      case 'giveLease':
        return this.#give(name, action)
      case 'deleteLease':
        this.#leases.forget(leaseName(name))
        await cluster.deleteLease(leaseName(name), action.uid)
        return
    }
  }

  async #own(name: NodeName, write: () => Promise<V1Lease>): Promise<void> {
    const askedAtMs = this.#of.clock.now()
    const lease = await write()
    this.#wroteLease(name, lease)
    this.#of.ownership.took(name, lease, askedAtMs)
  }

  /** From here on all is as after a restart of ours: what another did there is known from the base and its Node alone. */
  async #take(name: NodeName, { lease, why }: NodeAction & { readonly kind: 'takeLease' }): Promise<void> {
    const { cluster, clock, store, ownership, log } = this.#of
    const askedAtMs = clock.now()
    const former = this.#leases.of(leaseName(name), store.lease(leaseName(name)), askedAtMs)
    const taken = await cluster.replaceLease(lease)
    this.#wroteLease(name, taken)
    if (former && !ownership.knows(name, former)) this.#takeUp(name, former)
    ownership.took(name, taken, askedAtMs)
    log.info('base taken over', { node: name, from: former?.spec?.holderIdentity, why })
  }

  #takeUp(name: NodeName, former: V1Lease): void {
    const { registry, store, ownership, settings, clock } = this.#of
    const known = registry.byNode(name)
    if (!known) return
    const nowMs = clock.now()
    const adopted = adoptBase(known, { node: store.node(name), lease: former, env: settings.env, nowMs })
    const servedUntilMs = lookedAtMs(former) ?? ownership.servedUntilMs(former.spec?.holderIdentity)
    registry.takeUp({ ...adopted, ...(servedUntilMs !== undefined && { servedUntilMs }), takenAtMs: nowMs })
  }

  async #give(name: NodeName, { lease, why }: NodeAction & { readonly kind: 'giveLease' }): Promise<void> {
    const { cluster, ownership, log } = this.#of
    ownership.gives(name)
    this.#wroteLease(name, await cluster.replaceLease(lease))
    log.info('base handed over', { node: name, to: lease.spec?.holderIdentity, why })
  }

  #wroteNode(name: NodeName, node: V1Node): void {
    this.#nodes.wrote(name, node, this.#of.clock.now())
  }

  #wroteLease(name: NodeName, lease: V1Lease): void {
    const { registry, clock } = this.#of
    this.#leases.wrote(leaseName(name), lease, clock.now())
    const record = registry.byNode(name)
    if (record) registry.note(record.id, { kind: 'proofsWritten', written: writtenProofs(lease) })
  }

  #created(name: NodeName, node: V1Node): void {
    const { registry, events: recorder, log } = this.#of
    this.#wroteNode(name, node)
    this.#takenSinceMs.delete(name)
    const record = registry.byNode(name)
    const base = { identity: record?.id ?? '', ip: record?.address?.ip ?? '' }
    recorder.emit(events.baseRegistered({ name, uid: node.metadata?.uid ?? name }, base))
    log.info('node created', { node: name, base: base.identity, ip: base.ip })
  }

  /** A cache that may be behind shows no Node where there is one. */
  #giveUp(name: NodeName, why: string): void {
    const { registry, store, clock, log, events: recorder } = this.#of
    const record = registry.byNode(name)
    if (!record || clock.now() - store.freshAtMs > CACHE_FRESH_MS) return
    log.info('base given up', { node: name, base: record.id, why })
    recorder.emit(events.baseDead({ name }, why))
    registry.note(record.id, { kind: 'reach', reach: { state: 'dead', sinceMs: clock.now(), why } })
  }

  #refuse(name: NodeName, why: string): void {
    const { registry, store, events: recorder, log } = this.#of
    const uid = store.node(name)?.metadata?.uid
    const record = registry.byNode(name)
    const identity = record?.id ?? ''
    if (record) this.#note(record, 'others')
    log.warn('base gets no node', { node: name, base: identity, why })
    recorder.emit(events.nodeNameTaken({ name, ...(uid !== undefined && { uid }) }, identity, why))
  }

  #forgetWrites(name: NodeName): void {
    this.#nodes.forget(name)
    this.#leases.forget(leaseName(name))
  }

  #forget(name: NodeName): void {
    this.#forgetWrites(name)
    this.#search.forget(name)
    this.#takenSinceMs.delete(name)
    this.#noAddress.forget(name)
    this.#brake.forget(name)
    this.#brake.forget(leaseKey(name))
    this.#of.ownership.forgets(name)
  }
}
