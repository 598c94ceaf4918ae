import type { V1Pod } from '@kubernetes/client-node'
import type { BaseId } from '../../mqtt-bridge/index.ts'
import { claimsOfPod, claimsOn } from '../claims.ts'
import * as events from '../events.ts'
import { again, type Outcome, type Reconciler, settled, soonest } from '../loop/outcome.ts'
import { ANNOTATION, type PodKey, splitPodKey } from '../names.ts'
import type { Ownership } from '../ownership.ts'
import { podRef } from '../pod-identity.ts'
import type { Arklet, Clock, Cluster, Events, Log, Metrics, Store } from '../ports.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import type { BaseRegistry } from '../registry/base-registry.ts'
import { codeOf, takeBack } from '../take-back.ts'
import { moduleOf } from './announcements.ts'
import { type BasePlan, commandOf, flightOf, planBase } from './base-plan.ts'
import type { ClaimSources } from './claim-sources.ts'
import { imageId } from './image-id.ts'
import { placingBy, UNSHOWN_LOOK_AGAIN_MS } from './placement.ts'
import { adoptions, type Marker, tupleHash } from './provenance.ts'
import { UNINSTALL_FIRST } from './replacing.ts'
import type { SendStep } from './step.ts'
import { stepKey } from './step-key.ts'

export interface ModuleControllerOptions {
  readonly registry: BaseRegistry
  readonly ownership: Pick<Ownership, 'holds'>
  readonly store: Store
  readonly cluster: Cluster
  readonly arklet: Arklet
  readonly sources: ClaimSources
  readonly events: Events
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Log
}

/** Keyed by base: sends what its Pods ask for and it does not run. Never awaits a base: an answer is a later observation. */
export class ModuleController implements Reconciler<BaseId> {
  readonly name = 'modules'
  readonly #of: ModuleControllerOptions
  /** Pods whose first command was timed: the histogram shall not count their retries. */
  readonly #timed = new Set<string>()

  constructor(options: ModuleControllerOptions) {
    this.#of = options
  }

  async reconcile(id: BaseId): Promise<Outcome> {
    const { registry, store, sources, clock } = this.#of
    const known = registry.get(id)
    const obstacle = this.#obstacle(known)
    if (!known || obstacle) return settled('none', obstacle ?? 'no such base')
    const pods = store.podsOn(known.nodeName)
    await sources.prepare(pods)
    const arisen = this.#obstacle(known)
    if (arisen) return settled('none', arisen)
    const record = this.#adopt(registry.get(id) ?? known, pods)
    const { fitting, lookAgainMs } = this.#placed(record, store.podsOn(known.nodeName))
    const plan = planBase(record, claimsOn(fitting, sources.lookups), clock.now())
    await this.#carryOut(record, plan)
    const wakeMs = soonest(this.#wakeMs(plan), sources.retryAfterMs(pods), lookAgainMs)
    const what = plan.send.map(step => `${step.kind} ${stepKey(step)}`).join(', ') || 'none'
    return wakeMs === undefined ? settled(what, plan.why.join('; ')) : again(wakeMs, what, plan.why.join('; '))
  }

  #placed(record: BaseRecord, pods: readonly V1Pod[]) {
    const { store, sources, clock } = this.#of
    const placement = placingBy(store, { record, lookups: sources.lookups, nowMs: clock.now() })
    const isUnshown = pods.some(pod => placement(pod) === 'unshown')
    return {
      fitting: pods.filter(pod => placement(pod) === 'fits'),
      lookAgainMs: isUnshown ? UNSHOWN_LOOK_AGAIN_MS : undefined,
    }
  }

  async #carryOut(record: BaseRecord, { notes, send }: BasePlan): Promise<void> {
    for (const note of notes) this.#of.registry.note(record.id, note)
    for (const step of send) await this.#send(record, step)
  }

  #wakeMs({ wakeAtMs }: BasePlan): number | undefined {
    return wakeAtMs === undefined ? undefined : Math.max(1, wakeAtMs - this.#of.clock.now())
  }

  #obstacle(known: BaseRecord | undefined): string | undefined {
    const { store, ownership } = this.#of
    if (!known || !store.synced) return known ? 'not synced' : 'no such base'
    const { nodeIs } = this.#of.registry.get(known.id) ?? known
    if (nodeIs !== 'ours') return 'its Node is not ours, or not yet'
    return ownership.holds(known.nodeName) ? undefined : 'its Lease is not ours'
  }

  #adopt(record: BaseRecord, pods: readonly V1Pod[]): BaseRecord {
    const { registry, sources, clock } = this.#of
    for (const { biz, provenance, attempt } of adoptions(
      record,
      claimsOn(pods, sources.lookups).values(),
      clock.now(),
    )) {
      const key = `${biz.name}:${biz.version}` as Parameters<typeof record.provenance.get>[0]
      registry.note(record.id, { kind: 'provenance', key, provenance })
      if (attempt && !record.attempts.has(provenance.claim))
        registry.note(record.id, { kind: 'attempt', claim: provenance.claim, attempt })
    }
    return registry.get(record.id) ?? record
  }

  async #send(record: BaseRecord, step: SendStep): Promise<void> {
    const { registry, arklet, metrics, clock, log } = this.#of
    await this.#mark(record, step)
    const key = stepKey(step)
    const flight = flightOf(step, clock.now())
    registry.note(record.id, { kind: 'commanded', key, flight })
    const command = commandOf(step)
    metrics.count('koupleless_commands_total', { command: command.kind })
    log.info('command sent', { base: record.id, command: command.kind, biz: key, why: step.why })
    this.#tell(record, step)
    void arklet.send(record.id, command).catch((error: unknown) => {
      log.warn('command not acknowledged by the broker', { base: record.id, biz: key, code: codeOf(error) })
      return takeBack(this.#of, { id: record.id, key, sentAtMs: flight.sentAtMs, error })
    })
  }

  /** Before a biz is replaced by one of the same version, and before the former is put back: see `provenance.ts`. */
  async #mark(record: BaseRecord, step: SendStep): Promise<void> {
    if (step.kind !== 'install') return
    const present = record.bizs.get(stepKey(step))
    const restoring = step.tuple !== step.claim.tuple
    if (!restoring && (step.replaces === undefined || present?.changedAtMs === undefined)) return
    const marker: Marker = {
      tuple: tupleHash(step.claim.tuple),
      fromMs: present?.changedAtMs ?? 0,
      ...(restoring ? { failed: true } : {}),
    }
    const body = { metadata: { annotations: { [ANNOTATION.replacing]: JSON.stringify(marker) } } }
    await this.#of.cluster.patchPod(step.claim.pod, step.claim.podUid, { type: 'merge', body })
  }

  #tell(record: BaseRecord, step: SendStep): void {
    if (step.kind === 'install') {
      this.#tellInstall(step)
      return
    }
    const { store, sources, events: recorder } = this.#of
    for (const pod of store.podsOn(record.nodeName)) {
      const claim = claimsOfPod(pod, sources.lookups).find(({ id }) => id === step.claim)
      if (claim) recorder.emit(events.uninstalling(podRef(pod), moduleOf(claim)))
    }
  }

  #tellInstall(step: Extract<SendStep, { kind: 'install' }>): void {
    const { claim, unprovenWhy, tuple, proof } = step
    this.#time(claim.pod, claim.podUid)
    const ref = { ...splitPodKey(claim.pod), uid: claim.podUid }
    const from = imageId(tuple.url)
    this.#of.events.emit(
      proof ? events.proving(ref, moduleOf(claim), proof) : events.installing(ref, moduleOf(claim), from),
    )
    if (tuple !== claim.tuple) this.#of.events.emit(events.rolledBack(ref, moduleOf(claim), imageId(tuple.url)))
    if (unprovenWhy === undefined || unprovenWhy === UNINSTALL_FIRST) return
    this.#of.events.emit(events.unprovenSwitch(ref, moduleOf(claim), unprovenWhy))
  }

  #time(key: PodKey, uid: string): void {
    const { store, metrics, clock } = this.#of
    if (this.#timed.has(uid)) return
    this.#timed.add(uid)
    const seenAtMs = store.seenAtMs(key)
    if (seenAtMs !== undefined)
      metrics.observe('koupleless_pod_bound_to_command_seconds', (clock.now() - seenAtMs) / 1_000)
  }

  /** The Pod is gone: nothing of it is kept. */
  forget(podUid: string): void {
    this.#timed.delete(podUid)
  }
}
