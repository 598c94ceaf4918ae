/** A base that says nothing is shown as silent, and as dead in the end: looked at every few seconds while we surely could hear it. */
import type { V1Node, V1Pod } from '@kubernetes/client-node'
import type { Incarnation } from '../operator/incarnation.ts'
import type { World } from '../world.ts'
import type { Heard } from './heard.ts'
import type { Verdicts } from './verdicts.ts'

/** The contract's 25 s, and time for questions, a slow run and a write. */
const SHOWN_WITHIN_MS = 60_000
/** 200 s, the rate of deaths, and ten seconds for the Pods to go first. */
const GONE_WITHIN_MS = 320_000
/** Above that many missing the network is suspected, and nothing is changed. */
const MISSING_MAX = 3
const MISSED_MS = 10_000

const SLOWS = [
  'apiConflict',
  'apiThrottled',
  'apiFailed',
  'apiRequestLost',
  'apiAnswerLost',
  'apiSlow',
  'watchLag',
] as const

export class SilenceOracle {
  readonly #world: World
  readonly #heard: Heard
  readonly #verdicts: Verdicts
  #steadySinceMs = 0

  constructor(world: World, heard: Heard, verdicts: Verdicts) {
    this.#world = world
    this.#heard = heard
    this.#verdicts = verdicts
  }

  look(operator: Incarnation | undefined): void {
    const { time, faults, bases } = this.#world
    const nowMs = time.now()
    if (!operator || !this.#isSteady(operator)) {
      this.#steadySinceMs = nowMs
      return
    }
    if (!faults.healed && SLOWS.some(kind => faults.perHour(kind) > 0)) return
    const { link } = operator.composition.registry
    const sinceMs = Math.max(this.#steadySinceMs, link.sinceMs, operator.startedAtMs)
    const quiet = bases.map(({ identity }) => ({ identity, lastAtMs: this.#heard.of(identity)?.lastAtMs ?? 0 }))
    if (quiet.filter(({ lastAtMs }) => nowMs - lastAtMs > MISSED_MS).length > MISSING_MAX) return
    // One not heard since our own connect is judged a whole window later: it may be on its way back.
    for (const { identity, lastAtMs } of quiet)
      if (lastAtMs > sinceMs && nowMs - lastAtMs > SHOWN_WITHIN_MS)
        this.#shown(`virtual-node-${identity}`, nowMs - lastAtMs)
  }

  #isSteady({ time, composition }: Incarnation): boolean {
    return !time.paused && composition.registry.link.connected && !this.#world.isApiOut
  }

  #shown(name: string, ms: number): void {
    const { server } = this.#world
    const node = server.get<V1Node>('nodes', '', name)
    if (!node) return
    const seconds = Math.round(ms / 1_000)
    if (isReady(node))
      this.#verdicts.object('silent', `Node ${name} is Ready, and its base was not heard for ${seconds} s`)
    if (ms > GONE_WITHIN_MS)
      this.#verdicts.object('dead', `Node ${name} stands, and its base was not heard for ${seconds} s`)
    // One that is being deleted gets no traffic, whatever it shows.
    // One that is being deleted gets no traffic, whatever it shows.
    for (const pod of server.list<V1Pod>('pods').filter(({ spec }) => spec?.nodeName === name))
      if (isReady(pod) && !pod.metadata?.deletionTimestamp)
        this.#verdicts.object(
          'silent',
          `Pod ${pod.metadata?.name} is Ready, and its base was not heard for ${seconds} s`,
        )
  }
}

const isReady = ({ status }: V1Node | V1Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
