/** A world with its operator, its users and those who watch: all that a fault may touch. */
import type { V1Node, V1Pod } from '@kubernetes/client-node'
import { baseId } from '../../mqtt-bridge/index.ts'
import type { Composition } from '../../operator/compose.ts'
import type { ApiRequest } from '../../operator/kube/api-client.ts'
import { nodeName } from '../../reconcilers/names.ts'
import { claimId } from '../../reconcilers/registry/base-record.ts'
import { type BaseOptions, SimulatedBase } from '../base-simulator/index.ts'
import type { SimAnswer } from './api/sim-api-server.ts'
import type { HostedBase } from './bases/hosted-base.ts'
import { webKind } from './bases/web-kind.ts'
import { baseOfGone, noteGone, noteSent } from './bases/witnesses.ts'
import { BREAKS_BUILDS, INEXACT, UNANSWERING } from './faults/exactness.ts'
import { type Marks, watchPlans } from './marks.ts'
import { linksOn } from './network/base-links.ts'
import { Crashes } from './operator/crashes.ts'
import type { Effect } from './operator/incarnation.ts'
import { OperatorHost } from './operator/operator-host.ts'
import { AnswerOracle } from './oracles/answer-oracle.ts'
import { claimsIn, liveClaims, type SeenClaim } from './oracles/claims-seen.ts'
import { CommandOracle } from './oracles/command-oracle.ts'
import { DeathOracle } from './oracles/death-oracle.ts'
import { Heard } from './oracles/heard.ts'
import { KnowledgeOracle } from './oracles/knowledge-oracle.ts'
import { ListOracle } from './oracles/list-oracle.ts'
import { OutageOracle } from './oracles/outage-oracle.ts'
import { PodOracle } from './oracles/pod-oracle.ts'
import { nodeNameOf } from './oracles/settled.ts'
import { SilenceOracle } from './oracles/silence-oracle.ts'
import { TrafficOracle } from './oracles/traffic-oracle.ts'
import { Verdicts } from './oracles/verdicts.ts'
import { WriteOracle } from './oracles/write-oracle.ts'
import type { SeededRng } from './rng.ts'
import { NAMESPACE } from './workload/kubectl.ts'
import { pathOf } from './workload/sim-jars.ts'
import { Workload } from './workload/workload.ts'
import { ENV, World, type WorldOptions } from './world.ts'

const LOOK_EVERY_MS = 5_000

export class Stage {
  readonly world: World
  readonly operator: OperatorHost
  readonly workload: Workload
  readonly crashes = new Crashes()
  readonly verdicts: Verdicts
  readonly heard = new Heard()
  /** What the operator did, by kind: writes by resource, commands by verb. */
  readonly done = new Map<string, number>()
  readonly #commands: CommandOracle
  readonly #deaths: DeathOracle
  readonly #answers: AnswerOracle
  readonly #pods: PodOracle
  readonly #silence: SilenceOracle
  readonly #knowledge: KnowledgeOracle
  readonly #conflicts: WriteOracle
  readonly #lists: ListOracle
  readonly #traffic: TrafficOracle
  readonly #outages: OutageOracle
  readonly #marks: Marks | undefined
  #isOperatorWriting = false
  #identities = 0
  #ips = 0

  constructor(options: WorldOptions, marks?: Marks) {
    this.#marks = marks
    const world = new World(options)
    const nowMs = (): number => world.time.now()
    const verdicts = new Verdicts(nowMs, world.trace)
    const { heard } = this
    this.world = world
    this.verdicts = verdicts
    this.workload = new Workload(world)
    this.#commands = new CommandOracle({
      verdicts,
      heard,
      baseOf: identity => world.baseOf(identity),
      isExact: () => isExact(world),
      nowMs,
      ...(world.faults.isFreeOf(['listLag']) && { pods: () => world.server.list<V1Pod>('pods') }),
    })
    const blindSinceMs = (): number | undefined =>
      world.faults.isFreeOf(UNANSWERING) ? world.broker.swallowsSinceMs(this.operator.clientId) : undefined
    this.#deaths = new DeathOracle({ verdicts, heard, nowMs, isExact: () => isExact(world), blindSinceMs })
    this.#answers = new AnswerOracle({ verdicts, nowMs, isExact: () => isSole(world) })
    this.#silence = new SilenceOracle(world, heard, verdicts)
    const restarted = (identity: string): void => this.#silence.restarted(this.operator.current, identity)
    this.#knowledge = new KnowledgeOracle(world, verdicts, restarted)
    this.#lists = new ListOracle(verdicts)
    this.#conflicts = new WriteOracle(verdicts, world.faults.isFreeOf(UNSEEN_WRITES))
    const baseOn = (node: string): HostedBase | undefined => world.bases.find(base => nodeNameOf(base) === node)
    const identityOf = (node: string): string | undefined => baseOn(node)?.identity
    const resumedAtMs = (): number => this.operator.current?.time.resumedAtMs ?? 0
    const isAlone = (): boolean => world.faults.perHour('identityShared') === 0
    const pods = (): readonly V1Pod[] => world.server.list<V1Pod>('pods')
    const heardOf = (identity: string) => heard.of(identity)
    this.#traffic = new TrafficOracle({ verdicts, nowMs, baseOn, pods, heardOf, isSole: isAlone })
    this.#pods = new PodOracle({
      verdicts,
      heard,
      nowMs,
      identityOf,
      resumedAtMs,
      isSole: isAlone,
      hasPath: ({ spec }, claim) => pathOf(claim, baseOn(spec?.nodeName ?? '')?.webServer ?? 'none') !== undefined,
      becameReady: pod => this.#traffic.becameReady(pod),
    })
    this.#outages = new OutageOracle({
      verdicts,
      baseOf: identity => world.baseOf(identity),
      claimsOf: (identity, biz) => this.#claimsOf(identity, biz),
      isExact: () => isExact(world),
    })
    this.operator = this.#newOperator()
    this.#watchCommits()
  }

  get basesSoFar(): number {
    return this.#identities
  }

  nextIp(): string {
    this.#ips += 1
    return `10.0.${this.#ips >> 8}.${this.#ips & 255}`
  }

  addBase(ip: string = this.nextIp()): HostedBase {
    this.#identities += 1
    const at = this.#identities
    const rng = this.world.rng.fork(`base kind ${at}`)
    const staticModules = rng.chance(0.3) ? [{ name: `static${at}`, version: '1.0.0' }] : []
    const kind: Partial<BaseOptions> = {
      ...(rng.chance(0.2) && { metaspaceMaxBytes: -1 }),
      ...(rng.chance(0.2) && { flags: { activateNewModule: true } }),
      // Less, and its Node takes no Pods for want of memory: as it should.
      ...(rng.chance(0.1) && { metaspaceMaxBytes: 48_000_000 }),
      ...(rng.chance(0.3) && { heartSurvives: true }),
    }
    const extra = { ...kind, ...webKind(this.world, at, kind.flags) }
    const base = this.world.addBase({
      identity: `b${at}`,
      ip,
      staticModules,
      extra,
      bareRecords: rng.chance(0.1),
      began: () => this.#answers.forget(`b${at}`),
      isWatched: () => this.operator.current?.composition.registry.get(baseId(`b${at}`))?.snapshot !== undefined,
    })
    base.base.onAnswer(answer => {
      this.#answers.answered(base.identity, answer)
      this.#traffic.answered(base, answer.name, answer.version)
    })
    base.skewMs = rng.chance(0.3) ? rng.between(-6, 6) * 3_600_000 : 0
    return base
  }

  /** Another process with the same identity: the two throw each other off the broker. */
  addTwin(base: HostedBase): SimulatedBase {
    const { world } = this
    const rng = world.rng.fork(`twin ${base.identity} ${world.time.now()}`)
    const twin = new SimulatedBase(
      { identity: base.identity, ip: this.nextIp(), env: ENV },
      { clock: world.time, openLink: linksOn(world.broker, () => {}), random: () => rng.next() },
    )
    world.twins.push(twin)
    twin.start().catch(() => twin.close())
    return twin
  }

  readonly biz = (rng: SeededRng): string => rng.pick(['cart', 'pay', 'search', 'user'])

  /** Everything that is broken is mended; bases that are gone stay gone. */
  heal(): void {
    const { world, workload } = this
    world.trace.say('F', 'healed', 'from now on all goes well')
    world.faults.heal()
    this.crashes.disarm()
    world.broker.start()
    world.isApiOut = false
    for (const twin of world.twins) {
      twin.close()
      world.baseOf(twin.metadata.identity)?.ledger.loseAllWitnesses()
    }
    for (const base of world.bases) base.heal()
    for (const node of world.server.list<V1Node>('nodes')) workload.mendNode(node)
    for (const pod of world.server.list<V1Pod>('pods')) workload.mendPod(pod)
    if (!world.faults.isFreeOf(BREAKS_BUILDS)) workload.retryAll()
    this.operator.heal()
  }

  /** Users see to what the operator has given up on; what it tries again by itself is left to it. */
  retryStuck(): void {
    // Where no jar breaks nothing may be given up on.
    if (this.world.faults.isFreeOf(['jarBroken'])) return
    const records = this.operator.composition?.registry.list() ?? []
    const attempts = records.flatMap(record => [...record.attempts])
    const stuck = new Set(attempts.flatMap(([claim, { unproven, final }]) => (unproven || final ? [claim] : [])))
    this.workload.retryStuck(pod => claimsIn(pod).some(({ name }) => stuck.has(claimId(pod.metadata?.uid ?? '', name))))
  }

  /** Every few seconds: what must be shown of those that say nothing. */
  look(): void {
    const { current } = this.operator
    this.#silence.look(current)
    if (this.world.isWeb) this.#traffic.look(current !== undefined && this.#silence.isSteady(current))
    this.world.time.after(LOOK_EVERY_MS, () => this.look())
  }

  #newOperator(): OperatorHost {
    const { world, verdicts, heard } = this
    return new OperatorHost({
      world,
      name: 'op',
      logsError: (message, fields) => verdicts.object('logged-error', `${message} ${JSON.stringify(fields)}`),
      started: () => this.#operatorStarted(),
      watchers: {
        asks: request => {
          this.#lists.asks(request)
          this.#judgeDeletion(request)
        },
        before: effect => this.#before(effect),
        after: (effect, answer) => this.#after(effect, answer),
        hears: (frame, retained) => {
          if (world.trace.on) world.trace.say('<', frame.topic, shown(frame.payload))
          if (!retained) heard.hears(frame, world.time.now())
          for (const { identity, ledger } of world.bases) ledger.shown(heard.of(identity)?.listed)
        },
        heard: (frame, retained) => {
          if (!retained && this.operator.composition) this.#knowledge.heard(frame, this.operator.composition)
        },
        answered: (request, answer) => {
          if (typeof answer !== 'string') this.#lists.answered(request, answer)
          if (!world.trace.on) return
          const result = typeof answer === 'string' ? answer : answer.status
          world.trace.say('R', request.verb, `${request.path.slice(0, 120)} → ${result}`)
        },
        failed: error => verdicts.object('ended', `the operator ended: ${String(error)}`),
      },
    })
  }

  #watchCommits(): void {
    const { world } = this
    world.server.onCommit(({ resource, type, object, before }) => {
      if (world.trace.on) this.#traceCommit(resource, type, object as V1Pod)
      if (type === 'DELETED') this.#gone(resource, object as V1Pod)
      this.#conflicts.committed(object as V1Pod)
      this.#lists.committed(object as V1Pod)
      if (resource === 'pods' && type === 'MODIFIED' && this.#isOperatorWriting)
        this.#pods.changed(before as V1Pod, object as V1Pod)
    })
  }

  /** Live claims that there are and that the operator sees, newest first. */
  #claimsOf(identity: string, biz: string): readonly SeenClaim[] {
    const node = nodeNameOf({ identity })
    const seen = this.operator.composition?.store.podsOn(nodeName(node)) ?? []
    const uids = new Set(seen.map(({ metadata }) => metadata?.uid))
    const claims = liveClaims(this.world.server.list<V1Pod>('pods'), node).get(biz) ?? []
    return claims.filter(({ pod }) => uids.has(pod.metadata?.uid))
  }

  #operatorStarted(): void {
    const { heard, operator } = this
    heard.forget()
    for (const { ledger } of this.world.bases) ledger.forgotten(this.world.time.now())
    this.#answers.forget()
    this.#deaths.forget()
    this.#knowledge.forget()
    const life = operator.current
    if (life) this.#marks?.watch(life.composition)
    if (life && this.world.trace.on) this.#traceDecisions(life.composition)
    life?.composition.registry.onChange((_id, _change, record) =>
      this.#deaths.judged(record, life.composition, life.startedAtMs),
    )
  }

  #before(effect: Effect): boolean {
    const { operator, crashes, world } = this
    const life = operator.current
    if (!life) return false
    if (effect.kind === 'send') {
      if (world.trace.on) world.trace.say('>', effect.frame.topic, shown(effect.frame.payload))
      this.#commands.sent(effect.frame, life, effect.retain)
      this.#answers.sent(effect.frame)
      this.#outages.sent(effect.frame)
      noteSent(this.world, effect.frame)
    }
    const crash = crashes.before()
    if (crash) operator.kill(crash.downMs, `before ${nameOf(effect)}`)
    this.#isOperatorWriting = effect.kind === 'write' && !crash
    if (effect.kind === 'write' && !crash) this.#conflicts.writes(effect.request)
    return crash === undefined
  }

  #after(effect: Effect, answer?: SimAnswer): void {
    this.#isOperatorWriting = false
    if (effect.kind === 'write' && answer) this.#conflicts.wrote(effect.request, answer)
    const name = nameOf(effect)
    this.done.set(name, (this.done.get(name) ?? 0) + 1)
    const crash = this.crashes.after()
    if (crash) this.operator.kill(crash.downMs, `after ${name}`)
  }

  #judgeDeletion(request: ApiRequest): void {
    const composition = this.operator.current?.composition
    if (request.method === 'DELETE' && composition) this.#judge(request, composition)
  }

  #judge({ path, body = '{}' }: ApiRequest, composition: Composition): void {
    const { server } = this.world
    const [, pod = ''] = /\/pods\/([^/?]+)/.exec(path) ?? []
    const [, node] = /^\/api\/v1\/nodes\/([^/?]+)/.exec(path) ?? []
    const found = server.get<V1Pod>('pods', NAMESPACE, pod)
    if (found && isMeant(found, body)) this.#deaths.deletesPod(found, server.list<V1Pod>('pods'), composition)
    if (node !== undefined) this.#deaths.deletesNode(node, composition)
  }

  #gone(resource: string, object: V1Pod): void {
    const base = baseOfGone(this.world, resource, object)
    if (base && resource === 'pods') this.#answers.podGone(base.identity)
    if (base && !this.#isOperatorWriting) noteGone(base, resource, object)
  }

  #traceDecisions(composition: Composition): void {
    watchPlans(composition, (key, { plan, why }) => {
      if (!/^(none|watch)?$/.test(plan)) this.world.trace.say('D', key, `${plan}: ${why}`)
    })
  }

  #traceCommit(resource: string, type: string, { metadata, spec, status }: V1Pod): void {
    const conditions = (status?.conditions ?? []).filter(({ status: value }) => value !== 'False').map(one => one.type)
    const said = [spec?.nodeName, status?.phase, metadata?.deletionTimestamp ? 'deleting' : undefined, ...conditions]
    this.world.trace.say(
      'P',
      `${type.toLowerCase()}`,
      `${resource}/${metadata?.name} ${said.filter(Boolean).join(' ')}`,
    )
  }
}

/** Else another Pod has that name by now, and the server refuses. */
function isMeant({ metadata }: V1Pod, body: string): boolean {
  const { preconditions } = JSON.parse(body) as { preconditions?: { uid?: string } }
  return preconditions?.uid === undefined || preconditions.uid === metadata?.uid
}

const nameOf = (effect: Effect): string =>
  effect.kind === 'send'
    ? `send ${effect.frame.topic.split('/').at(-1)}`
    : `${effect.request.verb} ${effect.request.resource}`

const shown = (payload: Uint8Array): string => Buffer.from(payload).toString('utf8').slice(0, 200)

/** Others may send the same command, or it may come twice, or after it was given up. */
const NOT_SOLE = ['frameDoubled', 'frameDelayed', 'peerRetained', 'identityShared'] as const
/** By these the operator does not see, or not in time, what it wrote itself. */
const UNSEEN_WRITES = [
  'apiAnswerLost',
  'apiRequestLost',
  'apiConflict',
  'apiSlow',
  'watchLag',
  'operatorPaused',
] as const

const isSole = ({ faults }: World): boolean => faults.isFreeOf(NOT_SOLE)
const isExact = ({ faults }: World): boolean => faults.isFreeOf(INEXACT)
