/**
 * A Pod that is Ready gets requests: its module answers them, at the path that its jar says. What a base lists of its modules does
 * not tell that, so all here is read from who answers (captures 190, 209, 215, 238): a trial is not the module.
 */
import type { V1Pod } from '@kubernetes/client-node'
import type { HostedBase } from '../bases/hosted-base.ts'
import { pathOf } from '../workload/sim-jars.ts'
import { workloadName } from './claims-seen.ts'
import type { HeardBase } from './heard.ts'
import { keyOf, type PathClaim, pathClaimsIn } from './path-claims.ts'
import type { Verdicts } from './verdicts.ts'

export interface TrafficOracleOptions {
  readonly verdicts: Verdicts
  readonly nowMs: () => number
  readonly baseOn: (node: string) => HostedBase | undefined
  readonly pods: () => readonly V1Pod[]
  readonly heardOf: (identity: string) => HeardBase | undefined
  /** No two processes speak for one identity. */
  readonly isSole: () => boolean
}

/** A status may wait this long for a slow API server after what it tells was heard. */
const WRITTEN_WITHIN_MS = 60_000
/** Once the operator has looked at the base it has this long to show what it saw. */
const SHOWN_WITHIN_MS = 60_000
const LOOKED_AFTER_MS = 1_000

interface Wrong {
  readonly sinceMs: number
  /** When the operator was first seen to have looked at the base since. */
  toldAtMs?: number
}

export class TrafficOracle {
  readonly #of: TrafficOracleOptions
  /** By base and path: when each module last answered there. */
  readonly #answeredAtMs = new Map<string, Map<string, number>>()
  /** By Node and `name:version`: workloads that have claimed it there. */
  readonly #claimedBy = new Map<string, Set<string>>()
  /** By uid: Pods that were Ready once. */
  readonly #wereReady = new Set<string>()
  /** By Pod and biz. */
  readonly #wrong = new Map<string, Wrong>()

  constructor(options: TrafficOracleOptions) {
    this.#of = options
  }

  /** A base has answered a command: what it installed may answer requests from now on. */
  answered({ identity, webServer, ledger, base }: HostedBase, name: string, version: string): void {
    const origin = ledger.originOf(`${name}:${version}`)
    const path = origin && pathOf(origin, webServer)
    if (path !== undefined) this.#note(identity, path, base.answersAt(path))
  }

  /** The operator calls it Ready, and did not before. */
  becameReady(pod: V1Pod): void {
    const { isSole, nowMs } = this.#of
    const base = this.#baseOf(pod)
    const uid = uidOf(pod)
    const isFirst = !this.#wereReady.has(uid)
    this.#wereReady.add(uid)
    // One that was Ready may be so again while its workload is served by another version (ADR 0008).
    if (!base || !isFirst || !isSole() || isSuperseded(pod)) return
    for (const claim of pathClaimsIn(pod, base))
      if (nowMs() - this.#lastAnswerMs(claim, base) > WRITTEN_WITHIN_MS) this.#object(claim, base, 'is called Ready')
  }

  #lastAnswerMs(claim: PathClaim, { identity, base }: HostedBase): number {
    if (base.answersAt(claim.path) === keyOf(claim)) return this.#of.nowMs()
    return this.#answeredAtMs.get(`${identity} ${claim.path}`)?.get(keyOf(claim)) ?? 0
  }

  /** Every few seconds; `isSteady`: the operator hears and is heard. */
  look(isSteady: boolean): void {
    const wrong = this.#of.pods().flatMap(pod => {
      const base = this.#baseOf(pod)
      return base ? pathClaimsIn(pod, base).filter(claim => this.#look(claim, base) && isSteady) : []
    })
    const still = new Set(wrong.map(placeOf))
    for (const at of this.#wrong.keys()) if (!still.has(at)) this.#wrong.delete(at)
    for (const claim of wrong) this.#isWrongStill(claim)
  }

  /** True: somebody else answers. */
  #look(claim: PathClaim, base: HostedBase): boolean {
    this.#noteClaim(claim)
    this.#note(base.identity, claim.path, base.base.answersAt(claim.path))
    return this.#isWrong(claim, base)
  }

  #baseOf = ({ spec }: V1Pod): HostedBase | undefined => this.#of.baseOn(spec?.nodeName ?? '')

  #note(identity: string, path: string, who: string | undefined): void {
    const at = `${identity} ${path}`
    const known = this.#answeredAtMs.get(at) ?? new Map<string, number>()
    this.#answeredAtMs.set(at, known)
    if (who !== undefined) known.set(who, this.#of.nowMs())
  }

  #noteClaim(claim: PathClaim): void {
    const at = `${claim.pod.spec?.nodeName} ${keyOf(claim)}`
    this.#claimedBy.set(at, (this.#claimedBy.get(at) ?? new Set()).add(workloadName(claim.pod)))
  }

  /** It is shown to serve, nothing is under way that may change who does, and somebody else answers. */
  #isWrong(claim: PathClaim, { alive, base, ledger }: HostedBase): boolean {
    const { pod, name, path } = claim
    if (!alive || !this.#of.isSole() || pod.metadata?.deletionTimestamp || !isReady(pod)) return false
    if ([...ledger.running.keys()].some(key => key.startsWith(`${name}:`))) return false
    return !this.#mayAnswer(base.answersAt(path), claim)
  }

  /** The module itself, or another version that its own workload has claimed there: that stands in for it. */
  #mayAnswer(who: string | undefined, claim: PathClaim): boolean {
    if (who === keyOf(claim)) return true
    const claimedBy = this.#claimedBy.get(`${claim.pod.spec?.nodeName} ${who}`)
    return who?.startsWith(`${claim.name}:`) === true && claimedBy?.has(workloadName(claim.pod)) === true
  }

  #isWrongStill(claim: PathClaim): void {
    const nowMs = this.#of.nowMs()
    const base = this.#baseOf(claim.pod)
    const wrong = this.#wrong.get(placeOf(claim)) ?? { sinceMs: nowMs }
    this.#wrong.set(placeOf(claim), wrong)
    if (!base) return
    if (this.#lookedAtMs(base) > wrong.sinceMs + LOOKED_AFTER_MS) wrong.toldAtMs ??= nowMs
    if (wrong.toldAtMs !== undefined && nowMs - wrong.toldAtMs > SHOWN_WITHIN_MS)
      this.#object(claim, base, 'stays Ready')
  }

  /** When the base said what the operator heard last of what it runs; 0: nobody can tell. */
  #lookedAtMs({ identity, skewMs, clockWasSet }: HostedBase): number {
    const { listed, listedAt = 0 } = this.#of.heardOf(identity) ?? {}
    return listed && !clockWasSet ? listedAt - skewMs : 0
  }

  #object(claim: PathClaim, { identity, base }: HostedBase, what: string): void {
    const { pod, path } = claim
    const who = base.answersAt(path) ?? 'nobody'
    this.#of.verdicts.object(
      'traffic',
      `${pod.metadata?.name}: ${what}: ${path} of ${identity} is ${who}'s, not ${keyOf(claim)}'s`,
    )
  }
}

const uidOf = ({ metadata }: V1Pod): string => metadata?.uid ?? ''
const placeOf = ({ pod, name }: PathClaim): string => `${uidOf(pod)} ${name}`

const has = ({ status }: V1Pod, wanted: string): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === wanted && value === 'True') ?? false

const isReady = (pod: V1Pod): boolean => has(pod, 'Ready')
const isSuperseded = (pod: V1Pod): boolean => has(pod, 'Superseded')
