/** A base that says nothing is shown as silent, and as dead in the end: looked at every few seconds while we surely could hear it. */
import type { V1Node, V1Pod } from '@kubernetes/client-node'
import { baseId } from '../../../mqtt-bridge/index.ts'
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
/** Asked after a minute and a fifth at the latest, and then for thirty seconds. */
const DEAF_SHOWN_WITHIN_MS = 105_000
const SLOWS = [
  'apiConflict',
  'apiThrottled',
  'apiFailed',
  'apiRequestLost',
  'apiAnswerLost',
  'apiSlow',
  'watchLag',
] as const

/** By these a Pod shows for a while what was written, or decided, before. */
const OLD_WRITES = [...SLOWS, 'apiOutage', 'watchCut', 'watchTooOld', 'operatorPaused'] as const
/** A write, and a few milliseconds before it is decided on. */
const NOT_READY_WITHIN_MS = 300

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
    if (!operator || !this.isSteady(operator)) {
      this.#steadySinceMs = nowMs
      return
    }
    if (!faults.healed && !faults.isFreeOf(SLOWS)) return
    const { link } = operator.composition.registry
    const sinceMs = Math.max(this.#steadySinceMs, link.sinceMs, operator.startedAtMs)
    const quiet = bases.map(({ identity }) => ({ identity, lastAtMs: this.#heard.of(identity)?.lastAtMs ?? 0 }))
    this.#deafAreShown(sinceMs)
    if (quiet.filter(({ lastAtMs }) => nowMs - lastAtMs > MISSED_MS).length > MISSING_MAX) return
    // One not heard since our own connect is judged a whole window later: it may be on its way back.
    for (const { identity, lastAtMs } of quiet)
      if (lastAtMs > sinceMs && nowMs - lastAtMs > SHOWN_WITHIN_MS)
        this.#shown(`virtual-node-${identity}`, nowMs - lastAtMs)
  }

  /** One that beats and answers nothing. */
  #deafAreShown(steadySinceMs: number): void {
    const { bases, time, server } = this.#world
    for (const { identity, deafSinceMs, base, wanted } of bases) {
      const isLong =
        deafSinceMs !== undefined && time.now() - Math.max(deafSinceMs, steadySinceMs) > DEAF_SHOWN_WITHIN_MS
      if (!isLong || !wanted || !base.beating || !base.connected) continue
      const node = server.get<V1Node>('nodes', '', `virtual-node-${identity}`)
      if (node && isTrue(node, 'TunnelReady'))
        this.#verdicts.object('deaf', `${identity} has answered nothing for two minutes, and its Node shows a tunnel`)
    }
  }

  /** The operator knows that this JVM is another one: before it was looked at no Pod of it is Ready. */
  restarted(operator: Incarnation | undefined, identity: string): void {
    const { time, faults } = this.#world
    const record = operator?.composition.registry.get(baseId(identity))
    if (!record || record.snapshot || !faults.isFreeOf(OLD_WRITES)) return
    time.after(NOT_READY_WITHIN_MS, () => {
      const now = operator?.composition.registry.get(baseId(identity))
      if (!operator?.alive || !this.isSteady(operator) || now?.restarts !== record.restarts || now.snapshot) return
      for (const { metadata } of this.#podsOn(`virtual-node-${identity}`))
        this.#verdicts.object('pod-ready', `${metadata?.name}: Ready, and nobody knows what the new JVM runs`)
    })
  }

  /** Those that show Ready; one that is being deleted gets no traffic, whatever it shows. */
  #podsOn(node: string): readonly V1Pod[] {
    const pods = this.#world.server.list<V1Pod>('pods').filter(({ spec }) => spec?.nodeName === node)
    return pods.filter(pod => isReady(pod) && !pod.metadata?.deletionTimestamp)
  }

  /** It hears, is heard, and can write. */
  isSteady({ time, composition }: Incarnation): boolean {
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
    for (const { metadata } of this.#podsOn(name))
      this.#verdicts.object('silent', `Pod ${metadata?.name} is Ready, and its base was not heard for ${seconds} s`)
  }
}

const isTrue = ({ status }: V1Node | V1Pod, wanted: string): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === wanted && value === 'True') ?? false

const isReady = (object: V1Node | V1Pod): boolean => isTrue(object, 'Ready')
