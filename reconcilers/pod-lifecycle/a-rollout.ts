/** For tests: one base and its Pods, driven by what the base says and by what is planned, without a controller. */
import type { V1ContainerState, V1Pod, V1PodCondition, V1PodStatus } from '@kubernetes/client-node'
import { type BizReport, bizKey, type Clash, type HealthReport, type Observation } from '../../mqtt-bridge/index.ts'
import { claimsOn } from '../claims.ts'
import { aBase, aContext, anObservation, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { applyNote } from '../registry/notes.ts'
import { observe } from '../registry/observe.ts'
import { aPod, noLookups } from './a-pod.ts'
import { type BasePlan, commandOf, flightOf, planBase } from './base-plan.ts'
import { planPod } from './pod-plan.ts'
import { adoptions } from './provenance.ts'
import { stepKey } from './step-key.ts'

interface Shown {
  readonly ready: string
  /** Of Ready. */
  readonly reason: string
  /** `running`, or what the container waits for. */
  readonly state: string
  readonly message: string
}

interface Listed {
  readonly path: string
  readonly version?: string
}

export class ARollout {
  record: BaseRecord
  nowMs = BUILT_AT_MS
  pods: readonly V1Pod[]

  constructor(pods: readonly V1Pod[], facts: BaseFacts = {}) {
    this.pods = pods
    this.record = aBase(facts)
    this.#adopt()
  }

  get plan(): BasePlan {
    return planBase(this.record, claimsOn(this.pods, noLookups), this.nowMs)
  }

  /** Carries out what is planned; returns the commands that were sent, in short. */
  carryOut(): readonly string[] {
    const { notes, send } = this.plan
    for (const note of notes) this.record = applyNote(this.record, note).record
    return send.map(step => {
      const flight = flightOf(step, this.nowMs)
      this.record = applyNote(this.record, { kind: 'commanded', key: stepKey(step), flight }).record
      const command = commandOf(step)
      if (command.kind !== 'installBiz') return `uninstall ${stepKey(step)}`
      const how = command.strategy === 'uninstallThenInstall' ? 'switch to' : 'install'
      const { proof } = command
      const where =
        proof === undefined ? '' : proof.kind === 'contextPath' ? ` at ${proof.path}` : ' without web server'
      return `${how} ${stepKey(step)}${where}`
    })
  }

  /** The Lease of the base is written with what the record holds. */
  leaseWritten(): void {
    const written = new Map([...this.record.proofs].map(([key, { changedAtMs }]) => [key, changedAtMs] as const))
    this.record = applyNote(this.record, { kind: 'proofsWritten', written }).record
  }

  /** Until nothing is sent, with Leases written in between; returns all commands. */
  go(): readonly string[] {
    const first = this.carryOut()
    this.leaseWritten()
    return [...first, ...this.carryOut()]
  }

  says(observation: Observation): void {
    const observed = observe(this.record, observation, aContext({ nowMs: this.nowMs }))
    if (observed) this.record = observed.record
    this.#adopt()
  }

  runs(...bizs: readonly BizReport[]): void {
    this.#tick()
    this.says(anObservation('snapshot', { publishedAtMs: this.nowMs, bizs }))
  }

  tells(listed: Readonly<Record<string, Listed>>, health: Partial<HealthReport> = {}): void {
    this.#tick()
    const master = { name: 'base', version: '1.0.0', path: '/' }
    const webModules = Object.entries(listed).map(([name, { path, version = '1' }]) => ({ name, version, path }))
    const told = {
      runTimeMs: this.nowMs - BUILT_AT_MS + 60_000,
      master,
      webModules,
      webServer: 'servlet',
      ...health,
    } as const
    this.says(anObservation('health', { publishedAtMs: this.nowMs, health: told }))
  }

  installed(key: string, state: BizReport['state'], path?: string): void {
    this.#tick()
    const biz = this.biz(key, state)
    const bizs = [path === undefined ? biz : { ...biz, webContextPath: path }]
    this.#answer(key, { kind: 'installed', bizs })
  }

  failed(key: string, cause: string, clash?: Clash): void {
    this.#tick()
    this.#answer(key, { kind: 'failed', code: 'FAILED', message: cause, cause, ...(clash && { clash }) })
  }

  uninstalled(key: string): void {
    this.#tick()
    const { name, version } = this.biz(key, 'activated')
    const publishedAtMs = this.nowMs
    const outcome = { kind: 'uninstalled' } as const
    this.says(anObservation('answer', { publishedAtMs, command: 'uninstallBiz', name, version, outcome }))
  }

  /** As it shows now, changed now. */
  biz(key: string, state: BizReport['state'], changedAtMs = this.nowMs): BizReport {
    const [name = '', version = ''] = key.split(':')
    return { name, version, state, changedAtMs, reason: 'STARTED' }
  }

  later(ms: number): void {
    this.nowMs += ms
  }

  /** `Ready` and the container of a Pod as they would be written now. */
  shown(name: string): Shown {
    const { ready, state } = this.#statusOf(name)
    const { reason = '', message = '' } = state.waiting ?? {}
    return { ready: ready.status, reason: ready.reason ?? '', state: reason || (Object.keys(state)[0] ?? ''), message }
  }

  #statusOf(name: string): { readonly ready: V1PodCondition; readonly state: V1ContainerState } {
    const pod = this.pods.find(({ metadata }) => metadata?.name === name)
    if (!pod) throw new Error(`no Pod ${name}`)
    const claims = claimsOn(this.pods, noLookups)
    const { record, nowMs } = this
    const { action } = planPod({ pod, record, claims, lookups: noLookups, seenAtMs: 0, isReleased: false, nowMs })
    const status = action.kind === 'patchStatus' ? action.status : pod.status
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')
    const state = status?.containerStatuses?.[0]?.state
    if (!ready || !state) throw new Error(`Pod ${name} has no status`)
    return { ready, state }
  }

  #tick(): void {
    this.nowMs += 100
  }

  #answer(key: string, outcome: Extract<Observation, { kind: 'answer' }>['outcome']): void {
    const { name, version } = this.biz(key, 'activated')
    this.says(anObservation('answer', { publishedAtMs: this.nowMs, command: 'installBiz', name, version, outcome }))
  }

  #adopt(): void {
    for (const { biz, provenance } of adoptions(this.record, claimsOn(this.pods, noLookups).values(), this.nowMs)) {
      const key = bizKey(biz.name, biz.version)
      this.record = applyNote(this.record, { kind: 'provenance', key, provenance }).record
    }
  }
}

const running = (startedAtMs: number): V1PodStatus => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [
    {
      name: 'biz1',
      image: 'http://jars/biz1-1.jar',
      imageID: 'http://jars/biz1-1.jar',
      ready: true,
      restartCount: 0,
      state: { running: { startedAt: new Date(startedAtMs) } },
    },
  ],
})

export const oldPod = (draft: Parameters<typeof aPod>[0] = {}): V1Pod =>
  aPod({ name: 'old', version: '1', createdAt: '2026-01-01T00:00:00Z', status: running(BUILT_AT_MS), ...draft })
export const newPod = (draft: Parameters<typeof aPod>[0] = {}): V1Pod =>
  aPod({ name: 'new', version: '2', createdAt: '2026-01-01T00:01:00Z', ...draft })

/** biz1:1 runs at /biz1, and a Pod that wants biz1:2 has come. */
export function rolling(...pods: readonly V1Pod[]): ARollout {
  const rollout = new ARollout(pods.length > 0 ? pods : [oldPod(), newPod()])
  rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
  rollout.tells({ biz1: { path: 'biz1' } })
  return rollout
}

/** The same, with the trial of biz1:2 up beside it. */
export function proved(state: 'activated' | 'deactivated' = 'deactivated', ...pods: readonly V1Pod[]): ARollout {
  const rollout = rolling(...pods)
  rollout.go()
  rollout.installed('biz1:2', state, 'biz1')
  rollout.runs(
    rollout.biz('biz1:2', state, rollout.record.bizs.get(bizKey('biz1', '2'))?.changedAtMs),
    rollout.biz('biz1:1', state === 'activated' ? 'deactivated' : 'activated', BUILT_AT_MS),
  )
  return rollout
}
