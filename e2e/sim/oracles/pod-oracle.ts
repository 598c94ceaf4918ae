/** What a Pod shows changes only as the contract says: checked with each write of its status. */
import type { V1ContainerStatus, V1Pod, V1PodCondition } from '@kubernetes/client-node'
import { claimsIn } from './claims-seen.ts'
import type { Heard } from './heard.ts'
import type { Verdicts } from './verdicts.ts'

const RANK: Readonly<Record<string, number>> = { Pending: 0, Running: 1, Failed: 2, Succeeded: 2 }
/** A status may wait this long for a slow API server after what it tells was heard. */
const WRITTEN_WITHIN_MS = 60_000

export interface PodOracleOptions {
  readonly verdicts: Verdicts
  readonly heard: Heard
  readonly nowMs: () => number
  readonly identityOf: (node: string) => string | undefined
}

export class PodOracle {
  readonly #of: PodOracleOptions

  constructor(options: PodOracleOptions) {
    this.#of = options
  }

  /** The operator changed the status of a Pod. */
  changed(before: V1Pod, after: V1Pod): void {
    const name = after.metadata?.name ?? ''
    this.#phase(name, before.status?.phase ?? 'Pending', after.status?.phase ?? 'Pending')
    for (const condition of after.status?.conditions ?? []) {
      const was = before.status?.conditions?.find(({ type }) => type === condition.type)
      if (was) this.#condition(name, was, condition)
    }
    for (const status of after.status?.containerStatuses ?? []) {
      const was = before.status?.containerStatuses?.find(one => one.name === status.name)
      this.#container(name, was, status)
    }
    if (before.status?.startTime && String(before.status.startTime) !== String(after.status?.startTime))
      this.#of.verdicts.object('pod-start', `${name}: startTime changed`)
    if (!isReady(before) && isReady(after)) this.#becameReady(after)
  }

  #phase(name: string, was: string, is: string): void {
    if ((RANK[is] ?? 0) < (RANK[was] ?? 0)) this.#of.verdicts.object('pod-phase', `${name}: ${was} → ${is}`)
  }

  #condition(name: string, was: V1PodCondition, is: V1PodCondition): void {
    const moved = String(was.lastTransitionTime) !== String(is.lastTransitionTime)
    const turned = was.status !== is.status
    if (moved && !turned)
      this.#of.verdicts.object('pod-transition', `${name}: ${is.type} has a new time and no new status`)
  }

  #container(name: string, was: V1ContainerStatus | undefined, is: V1ContainerStatus): void {
    const counted = is.restartCount - (was?.restartCount ?? 0)
    if (counted < 0 || counted > 1)
      this.#of.verdicts.object('pod-restarts', `${name}: restartCount ${was?.restartCount ?? 0} → ${is.restartCount}`)
    if (counted === 1 && !was?.state?.running)
      this.#of.verdicts.object('pod-restarts', `${name}: a restart is counted of what did not run`)
  }

  /** Superseded by its own workload it may stay or become ready: its biz is another's. */
  #becameReady(pod: V1Pod): void {
    const { heard, identityOf, nowMs, verdicts } = this.#of
    const base = heard.of(identityOf(pod.spec?.nodeName ?? '') ?? '')
    const superseded = pod.status?.conditions?.some(({ type, status }) => type === 'Superseded' && status === 'True')
    const name = pod.metadata?.name ?? ''
    if (!base || nowMs() - base.lastAtMs > WRITTEN_WITHIN_MS) {
      verdicts.object('pod-ready', `${name}: Ready, and its base was not heard of late`)
      return
    }
    for (const claim of claimsIn(pod)) {
      if (!superseded && !base.activeAtMs.has(`${claim.name}:${claim.version}`))
        verdicts.object(
          'pod-ready',
          `${name}: Ready, and its base never said that ${claim.name}:${claim.version} is active`,
        )
    }
  }
}

const isReady = ({ status }: V1Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
