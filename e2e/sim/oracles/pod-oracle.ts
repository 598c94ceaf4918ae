/** What a Pod shows changes only as the contract says: checked with each write of its status. */
import type { V1ContainerStatus, V1Pod, V1PodCondition, V1PodStatus } from '@kubernetes/client-node'
import { claimsIn, type SeenClaim } from './claims-seen.ts'
import type { Heard, HeardBase } from './heard.ts'
import type { Verdicts } from './verdicts.ts'

const RANK: Readonly<Record<string, number>> = { Pending: 0, Running: 1, Failed: 2, Succeeded: 2 }
/** A status may wait this long for a slow API server after what it tells was heard. */
const WRITTEN_WITHIN_MS = 60_000
const UNDER_WAY_MS = 1_000

export interface PodOracleOptions {
  readonly verdicts: Verdicts
  readonly heard: Heard
  readonly nowMs: () => number
  readonly identityOf: (node: string) => string | undefined
  /** Of the operator, after it last stood still: what it had decided before, it still writes. */
  readonly resumedAtMs: () => number
  /** No two processes speak for one identity: else nobody knows which of them said what. */
  readonly isSole: () => boolean
  /** Who answers requests tells whether it serves, and not its state: see `traffic-oracle.ts`. */
  readonly hasPath: (pod: V1Pod, claim: SeenClaim) => boolean
  readonly becameReady: (pod: V1Pod) => void
}

export class PodOracle {
  readonly #of: PodOracleOptions

  constructor(options: PodOracleOptions) {
    this.#of = options
  }

  /** The operator changed the status of a Pod. */
  changed(before: V1Pod, after: V1Pod): void {
    const name = after.metadata?.name ?? ''
    this.#status(name, before.status ?? {}, after.status ?? {})
    if (isReady(before) || !isReady(after)) return
    this.#becameReady(after)
    this.#of.becameReady(after)
  }

  #status(name: string, was: V1PodStatus, is: V1PodStatus): void {
    const { conditions = [], containerStatuses = [], startTime } = was
    this.#phase(name, was.phase ?? 'Pending', is.phase ?? 'Pending')
    for (const condition of is.conditions ?? [])
      this.#condition(
        name,
        conditions.find(({ type }) => type === condition.type),
        condition,
      )
    for (const status of is.containerStatuses ?? [])
      this.#container(
        name,
        containerStatuses.find(one => one.name === status.name),
        status,
      )
    this.#start(name, startTime, is.startTime)
  }

  #start(name: string, was: Date | undefined, is: Date | undefined): void {
    if (was && String(was) !== String(is)) this.#of.verdicts.object('pod-start', `${name}: startTime changed`)
  }

  #phase(name: string, was: string, is: string): void {
    if ((RANK[is] ?? 0) < (RANK[was] ?? 0)) this.#of.verdicts.object('pod-phase', `${name}: ${was} → ${is}`)
  }

  #condition(name: string, was: V1PodCondition | undefined, is: V1PodCondition): void {
    if (!was) return
    const moved = String(was.lastTransitionTime) !== String(is.lastTransitionTime)
    const turned = was.status !== is.status
    if (moved && !turned)
      this.#of.verdicts.object('pod-transition', `${name}: ${is.type} has a new time and no new status`)
  }

  #container(name: string, was: V1ContainerStatus | undefined, is: V1ContainerStatus): void {
    const before = was?.restartCount ?? 0
    const counted = is.restartCount - before
    if (counted < 0 || counted > 1)
      this.#of.verdicts.object('pod-restarts', `${name}: restartCount ${before} → ${is.restartCount}`)
    if (counted === 1 && !was?.state?.running)
      this.#of.verdicts.object('pod-restarts', `${name}: a restart is counted of what did not run`)
  }

  #becameReady(pod: V1Pod): void {
    const { heard, identityOf } = this.#of
    const base = heard.of(identityOf(pod.spec?.nodeName ?? '') ?? '')
    const name = pod.metadata?.name ?? ''
    if (!base || this.#isLongAgo(base))
      this.#of.verdicts.object('pod-ready', `${name}: Ready, and its base was not heard of late`)
    else if (this.#of.isSole()) this.#saidSo(pod, base)
  }

  #saidSo(pod: V1Pod, base: HeardBase): void {
    if (isSuperseded(pod)) return
    for (const claim of claimsIn(pod))
      if (!this.#of.hasPath(pod, claim)) this.#isActive(pod.metadata?.name ?? '', base, claim)
  }

  #isLongAgo({ lastAtMs }: HeardBase): boolean {
    const { nowMs, resumedAtMs } = this.#of
    return nowMs() - Math.max(lastAtMs, resumedAtMs()) > WRITTEN_WITHIN_MS
  }

  #isActive(pod: string, { activeAtMs, begunAtMs }: HeardBase, { name, version }: SeenClaim): void {
    // Written before the operator heard of the new JVM, and carried out after.
    if (this.#of.nowMs() - begunAtMs < UNDER_WAY_MS) return
    if (!activeAtMs.has(`${name}:${version}`))
      this.#of.verdicts.object('pod-ready', `${pod}: Ready, and its base never said that ${name}:${version} is active`)
  }
}

const has = ({ status }: V1Pod, wanted: string): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === wanted && value === 'True') ?? false

const isReady = (pod: V1Pod): boolean => has(pod, 'Ready')
/** By its own workload it may stay or become ready: its biz is another's. */
const isSuperseded = (pod: V1Pod): boolean => has(pod, 'Superseded')
