/** A world with several operators, its users and those who watch. */
import type { V1Node, V1Pod } from '@kubernetes/client-node'
import { baseId, type LinkState } from '../../../mqtt-bridge/index.ts'
import type { BaseOptions } from '../../base-simulator/index.ts'
import type { HostedBase } from '../bases/hosted-base.ts'
import { webKind } from '../bases/web-kind.ts'
import { baseOfGone, noteGone, noteSent } from '../bases/witnesses.ts'
import { BREAKS_BUILDS, INEXACT } from '../faults/exactness.ts'
import type { Struck } from '../faults/strike.ts'
import { Crashes } from '../operator/crashes.ts'
import type { Effect } from '../operator/incarnation.ts'
import { OperatorHost } from '../operator/operator-host.ts'
import { CommandOracle } from '../oracles/command-oracle.ts'
import { Heard } from '../oracles/heard.ts'
import { unsettled } from '../oracles/settled.ts'
import { Verdicts } from '../oracles/verdicts.ts'
import type { SeededRng } from '../rng.ts'
import { Workload } from '../workload/workload.ts'
import { World, type WorldOptions } from '../world.ts'
import { OwnerOracle } from './owner-oracle.ts'

export interface ReplicaStageOptions extends WorldOptions {
  readonly replicas: number
  readonly apartMs: number
}

export interface Replica {
  readonly host: OperatorHost
  readonly heard: Heard
  isCutOff: boolean
}

const SKEW_MAX_HOURS = 6
const HOUR_MS = 3_600_000

export class ReplicaStage implements Struck {
  readonly world: World
  readonly replicas: readonly Replica[]
  readonly workload: Workload
  /** Armed by nobody: what one effect tells, several operators cannot count. */
  readonly crashes = new Crashes()
  readonly verdicts: Verdicts
  readonly owners: OwnerOracle
  readonly #commands = new Map<Replica, CommandOracle>()
  #isOperatorWriting = false
  #turn = 0
  #bases = 0
  #ips = 0

  constructor({ replicas, apartMs, ...options }: ReplicaStageOptions) {
    const world = new World(options)
    const nowMs = (): number => world.time.now()
    this.world = world
    this.verdicts = new Verdicts(nowMs, world.trace)
    this.workload = new Workload(world)
    const { verdicts } = this
    const baseOf = (identity: string): HostedBase | undefined => world.baseOf(identity)
    const isExact = (): boolean => world.faults.isFreeOf(INEXACT)
    this.owners = new OwnerOracle({ server: world.server, verdicts, nowMs, baseOf, isExact })
    const rng = world.rng.fork('replicas')
    this.replicas = Array.from({ length: replicas }, (_, at) =>
      this.#newReplica(`op${at}-`, apartMs, rng.fork(`${at}`)),
    )
    world.server.onCommit(({ resource, type, object }) => {
      const base = type === 'DELETED' ? baseOfGone(world, resource, object as V1Pod) : undefined
      if (base && !this.#isOperatorWriting) noteGone(base, resource, object as V1Pod)
    })
    for (const replica of this.replicas) {
      const { heard } = replica
      this.#commands.set(replica, new CommandOracle({ verdicts, heard, baseOf, isExact, nowMs }))
    }
  }

  /** Whoever is struck by what befalls one operator: each in its turn. */
  get operator(): OperatorHost {
    const { host } = this.replicas[this.#turn++ % this.replicas.length] ?? {}
    if (!host) throw new Error('no replica')
    return host
  }

  get basesSoFar(): number {
    return this.#bases
  }

  /** Of the replica that serves it. */
  recordOf(identity: string) {
    return this.#serving(identity)?.host.composition?.registry.get(baseId(identity))
  }

  nextIp(): string {
    this.#ips += 1
    return `10.0.${this.#ips >> 8}.${this.#ips & 255}`
  }

  addBase(ip: string = this.nextIp()): HostedBase {
    this.#bases += 1
    const at = this.#bases
    const rng = this.world.rng.fork(`base kind ${at}`)
    const staticModules = rng.chance(0.3) ? [{ name: `static${at}`, version: '1.0.0' }] : []
    const kind: Partial<BaseOptions> = {
      ...(rng.chance(0.2) && { flags: { activateNewModule: true } }),
      ...(rng.chance(0.3) && { heartSurvives: true }),
    }
    const base = this.world.addBase({
      identity: `b${at}`,
      ip,
      staticModules,
      extra: { ...kind, ...webKind(this.world, at, kind.flags) },
      isWatched: () => this.recordOf(`b${at}`)?.snapshot !== undefined,
    })
    base.skewMs = rng.chance(0.3) ? rng.between(-SKEW_MAX_HOURS, SKEW_MAX_HOURS) * HOUR_MS : 0
    return base
  }

  addTwin(): never {
    throw new Error('two processes of one identity are played with one operator')
  }

  readonly biz = (rng: SeededRng): string => rng.pick(['cart', 'pay', 'search', 'user'])

  heal(): void {
    const { world, workload } = this
    world.trace.say('F', 'healed', 'from now on all goes well')
    world.faults.heal()
    world.broker.start()
    world.isApiOut = false
    for (const base of world.bases) base.heal()
    for (const node of world.server.list<V1Node>('nodes')) workload.mendNode(node)
    for (const pod of world.server.list<V1Pod>('pods')) workload.mendPod(pod)
    // With several operators nobody knows which of them has given up on what.
    if (!world.faults.isFreeOf([...BREAKS_BUILDS, 'jarBroken'])) workload.retryAll()
    for (const replica of this.replicas) {
      replica.isCutOff = false
      replica.host.heal()
    }
  }

  /** What is not yet as it should be. */
  get open(): readonly string[] {
    const holders = this.replicas.flatMap(({ host }) => host.composition?.shares.ownership.holder ?? [])
    const record = (id: string) => this.recordOf(id)
    return [
      ...this.replicas.flatMap(({ host }) => (host.current ? [] : [`${host.clientId} does not run`])),
      ...unsettled(this.world, {
        composition: { registry: { get: id => record(id), link: this.#latestLink } },
        clientId: '',
        holds: holder => holder !== undefined && holders.includes(holder),
      }),
    ]
  }

  /** Of the replica that connected last. */
  get #latestLink(): LinkState {
    const links = this.replicas.flatMap(({ host }) => host.composition?.registry.link ?? [])
    const up = links.filter(({ connected }) => connected).sort((a, b) => b.sinceMs - a.sinceMs)
    return up[0] ?? { connected: false, epoch: 0, sinceMs: 0, why: 'no replica is connected' }
  }

  #serving(identity: string): Replica | undefined {
    return this.replicas.find(({ host }) => {
      const { registry, shares } = host.composition ?? {}
      const node = registry?.get(baseId(identity))?.nodeName
      return node !== undefined && shares?.ownership.holds(node)
    })
  }

  #newReplica(name: string, apartMs: number, rng: SeededRng): Replica {
    const { world, verdicts } = this
    const heard = new Heard()
    const host = new OperatorHost({
      world,
      name,
      logsError: (message, fields) => verdicts.object('logged-error', `${message} ${JSON.stringify(fields)}`),
      started: () => {
        heard.forget()
        for (const { ledger } of world.bases) ledger.forgotten(world.time.now())
      },
      replica: {
        isCutOff: () => replica.isCutOff,
        aheadMs: rng.between(-apartMs, apartMs),
        keepsName: rng.chance(0.4),
      },
      watchers: {
        asks: () => undefined,
        before: effect => this.#before(replica, effect),
        after: () => {
          this.#isOperatorWriting = false
        },
        heard: () => {},
        hears: (frame, retained) => {
          if (!retained) heard.hears(frame, world.time.now())
          for (const { identity, ledger } of world.bases)
            if (this.#serving(identity) === replica) ledger.shown(heard.of(identity)?.listed)
        },
        answered: () => undefined,
        failed: error => verdicts.object('ended', `the operator ended: ${String(error)}`),
      },
    })
    const replica: Replica = { host, heard, isCutOff: false }
    return replica
  }

  #before(replica: Replica, effect: Effect): boolean {
    const { current } = replica.host
    if (!current) return false
    const { trace } = this.world
    if (effect.kind === 'write') {
      this.#isOperatorWriting = true
      if (trace.on) trace.say('R', current.clientId, `${effect.request.verb} ${effect.request.path.slice(0, 120)}`)
      return true
    }
    const { frame, retain } = effect
    if (trace.on) trace.say('>', current.clientId, frame.topic)
    noteSent(this.world, frame)
    this.owners.sent(frame, current.composition.shares.ownership.holder)
    this.#commands.get(replica)?.sent(frame, current, retain)
    return true
  }
}
