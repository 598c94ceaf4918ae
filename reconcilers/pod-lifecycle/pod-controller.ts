import type { V1Pod, V1PodStatus } from '@kubernetes/client-node'
import { claimsOfPod, claimsOn } from '../claims.ts'
import * as events from '../events.ts'
import { Latest } from '../latest.ts'
import { again, type Outcome, type Reconciler, settled } from '../loop/outcome.ts'
import { WriteBrake } from '../loop/write-brake.ts'
import { type NodeName, nodeName, type PodKey } from '../names.ts'
import type { Ownership } from '../ownership.ts'
import { podRef } from '../pod-identity.ts'
import { ApiError, type Clock, type Cluster, type Events, type Log, type Metrics, type Store } from '../ports.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import type { BaseRegistry } from '../registry/base-registry.ts'
import { announcements, moduleOf } from './announcements.ts'
import type { ClaimSources } from './claim-sources.ts'
import { placingBy } from './placement.ts'
import { type PodAction, type PodPlan, planPod, type Superseded } from './pod-plan.ts'
import { statusPatch } from './status-patch.ts'

export interface PodControllerOptions {
  readonly registry: BaseRegistry
  readonly ownership: Pick<Ownership, 'acts'>
  readonly store: Store
  readonly cluster: Cluster
  readonly sources: ClaimSources
  readonly events: Events
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Log
  /** A Pod object is gone: whoever keeps something of it lets go. */
  readonly onGone: (podUid: string) => void
}

interface Written {
  readonly status?: V1PodStatus
  readonly spec?: Pick<NonNullable<V1Pod['spec']>, 'tolerations'>
}

/** Keyed by Pod: its status says what the base says; its object goes when its module is gone. Sends no command. */
export class PodController implements Reconciler<PodKey> {
  readonly name = 'pods'
  readonly #of: PodControllerOptions
  readonly #uids = new Map<PodKey, { readonly uid: string; readonly node: NodeName }>()
  readonly #written = new Latest<PodKey, V1Pod>()
  readonly #brake = new WriteBrake<string>()
  /** What was last told of a Pod in Events, so that each is told once. */
  readonly #told = new Map<string, string>()

  /** By uid, until the watch tells that they are gone: their deletion was confirmed. */
  readonly #released = new Set<string>()

  constructor(options: PodControllerOptions) {
    this.#of = options
  }

  async reconcile(key: PodKey): Promise<Outcome> {
    const { store, sources, clock, ownership } = this.#of
    if (!store.synced) return settled('none', 'not synced')
    const pod = this.#newest(key)
    this.#forgetFormer(key, pod)
    if (!pod?.spec?.nodeName) return settled('none', pod ? 'not bound' : 'gone')
    const node = nodeName(pod.spec.nodeName)
    const record = this.#recordOf(node)
    if (!record) return settled('none', 'bound to no Node that we know to be ours')
    const pods = store.podsOn(node)
    await sources.prepare(pods)
    if (!ownership.acts(node)) return settled('none', 'another replica serves its base')
    const nowMs = clock.now()
    const seenAtMs = store.seenAtMs(key) ?? nowMs
    const placement = placingBy(store, { record, lookups: sources.lookups, nowMs })
    const fitting = pods.filter(one => placement(one) === 'fits')
    const plan = planPod({
      pod,
      record,
      claims: claimsOn(fitting, sources.lookups),
      lookups: sources.lookups,
      placement: placement(pod),
      seenAtMs,
      isReleased: this.#released.has(podRef(pod).uid),
      nowMs,
    })
    return this.#braked(pod, plan) ?? this.#done(key, pod, record, plan)
  }

  #recordOf(node: NodeName): BaseRecord | undefined {
    const record = this.#of.registry.byNode(node)
    return record?.nodeIs === 'ours' ? record : undefined
  }

  #braked(pod: V1Pod, { action, why }: PodPlan): Outcome | undefined {
    if (action.kind === 'none' || action.kind === 'release' || action.kind === 'evict') return undefined
    const waitMs = this.#brake.take(podRef(pod).uid, this.#of.clock.now())
    return waitMs > 0
      ? again(waitMs, action.kind, `${why}, but somebody undoes it as often as it is written`)
      : undefined
  }

  async #done(key: PodKey, pod: V1Pod, record: BaseRecord, plan: PodPlan): Promise<Outcome> {
    await this.#carryOut(key, pod, record, plan)
    return plan.wakeAfterMs === undefined
      ? settled(plan.action.kind, plan.why)
      : again(plan.wakeAfterMs, plan.action.kind, plan.why)
  }

  /** As the cache has it, or as we wrote it where the watch has not brought that yet. */
  #newest(key: PodKey): V1Pod | undefined {
    const { store, clock } = this.#of
    const cached = store.pod(key)
    return cached && this.#written.of(key, cached, clock.now())
  }

  async #carryOut(key: PodKey, pod: V1Pod, record: BaseRecord, plan: PodPlan): Promise<void> {
    const { cluster, metrics, events: recorder } = this.#of
    const { action } = plan
    const { uid } = podRef(pod)
    switch (action.kind) {
      case 'none':
        return this.#announce(pod, record, pod.status)
      case 'patchStatus':
        await this.#write(key, pod, cluster.patchPodStatus(key, uid, statusPatch(pod, action)), action)
        this.#timeAnswer(pod, record, action.status)
        return this.#announce(pod, record, action.status, action.superseded)
      case 'end':
        return this.#end(key, pod, action)
      case 'patchTolerations': {
        const spec = { tolerations: [...action.tolerations] }
        const body = { metadata: { resourceVersion: pod.metadata?.resourceVersion }, spec }
        await this.#write(key, pod, cluster.patchPod(key, uid, { type: 'merge', body }), { spec })
        return
      }
      case 'release':
        await cluster.deletePod(key, uid)
        this.#released.add(uid)
        if (action.cause === 'gone') this.#tellUninstalled(pod)
        return
      case 'evict':
        await cluster.deletePod(key, uid)
        metrics.count('koupleless_pods_evicted_total')
        recorder.emit(events.podBaseDead(podRef(pod), record.reach.why))
        return
    }
  }

  async #end(key: PodKey, pod: V1Pod, { status, end }: Extract<PodAction, { kind: 'end' }>): Promise<void> {
    const { cluster, events: recorder } = this.#of
    const patch = statusPatch(pod, { status, ipsChanged: false })
    await this.#write(key, pod, cluster.patchPodStatus(key, podRef(pod).uid, patch), { status })
    const event = end.reason === 'NodeAffinity' ? events.nodeAffinity : events.deadlineExceeded
    recorder.emit(event(podRef(pod), end.message))
  }

  /** `written` answers with metadata only; what it stands for is what we wrote. */
  async #write(key: PodKey, pod: V1Pod, written: Promise<V1Pod>, wrote: Written): Promise<void> {
    try {
      const { metadata } = await written
      const { resourceVersion } = metadata ?? {}
      const newer = {
        ...pod,
        metadata: { ...pod.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
        ...(wrote.status && { status: { ...pod.status, ...wrote.status } }),
        ...(wrote.spec && { spec: { containers: [], ...pod.spec, ...wrote.spec } }),
      }
      this.#written.wrote(key, newer, this.#of.clock.now())
    } catch (error) {
      // What we believed of it is wrong: the cache will know better.
      if (error instanceof ApiError && error.status === 409) this.#written.forget(key)
      throw error
    }
  }

  #tellUninstalled(pod: V1Pod): void {
    for (const claim of claimsOfPod(pod, this.#of.sources.lookups)) {
      this.#of.events.emit(events.uninstalled(podRef(pod), moduleOf(claim)))
    }
  }

  #timeAnswer(pod: V1Pod, record: BaseRecord, status: V1PodStatus): void {
    if (!isReady(status) || isReady(pod.status)) return
    const { uid } = podRef(pod)
    const own = [...record.provenance.values()].filter(
      ({ claim, tookMs }) => claim.startsWith(`${uid}/`) && tookMs !== undefined,
    )
    if (own.length === 0) return
    const answeredAtMs = Math.max(...own.map(({ atMs }) => atMs))
    this.#of.metrics.observe(
      'koupleless_answer_to_status_seconds',
      Math.max(0, this.#of.clock.now() - answeredAtMs) / 1_000,
    )
  }

  #announce(pod: V1Pod, record: BaseRecord, status?: V1PodStatus, superseded: readonly Superseded[] = []): void {
    const { sources, clock, events: recorder } = this.#of
    const { uid } = podRef(pod)
    const claims = claimsOfPod(pod, sources.lookups)
    const facts = { pod, status, claims, record, superseded, nowMs: clock.now() }
    for (const { slot, text, event } of announcements(facts)) {
      const key = `${uid}/${slot}`
      if (this.#told.get(key) === text) continue
      this.#told.set(key, text)
      recorder.emit(event)
    }
  }

  /** A Pod that is gone, or was re-created under its name, takes with it all that was kept for it. */
  #forgetFormer(key: PodKey, pod: V1Pod | undefined): void {
    const former = this.#uids.get(key)
    if (former && former.uid !== pod?.metadata?.uid) {
      this.#uids.delete(key)
      this.#written.forget(key)
      this.#forget(former.uid, former.node)
    }
    if (pod?.spec?.nodeName) this.#uids.set(key, { uid: podRef(pod).uid, node: nodeName(pod.spec.nodeName) })
  }

  #forget(uid: string, node: NodeName): void {
    const { registry, sources, onGone } = this.#of
    for (const told of this.#told.keys()) if (told.startsWith(`${uid}/`)) this.#told.delete(told)
    this.#released.delete(uid)
    this.#brake.forget(uid)
    sources.forget(uid)
    onGone(uid)
    const record = registry.byNode(node)
    if (!record) return
    const claims = [...record.attempts.keys(), ...record.preStops.keys()].filter(claim => claim.startsWith(`${uid}/`))
    if (claims.length > 0) registry.note(record.id, { kind: 'forgetClaims', claims })
  }
}

const isReady = (status: V1PodStatus | undefined): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
