/** For tests: the tunnel reconciler among bases that beat and answer, a broker and a clock that all do as they are told. */
import type { CoreV1Event, V1ConfigMap } from '@kubernetes/client-node'
import { ArkletError, type BaseId, type BizReport, baseId, type Command } from '../../mqtt-bridge/index.ts'
import { SteppedClock } from '../loop/stepped-clock.ts'
import { nodeNaming } from '../node-identity.ts'
import { alone } from '../ownership.ts'
import type { BasePods, Log, Store } from '../ports.ts'
import { anObservation } from '../registry/a-base.ts'
import { BaseRegistry } from '../registry/base-registry.ts'
import { newRecord } from '../registry/new-record.ts'
import { wakesOfChange } from '../wake.ts'
import { keys } from './a-tunnel.ts'
import { BaseTunnelController } from './controller.ts'
import { TUNNEL_DEFAULTS } from './settings.ts'

const START_MS = 1_800_000_000_000
const BEAT_MS = 10_000
const nodeNameOf = nodeNaming('virtual-node-{identity}', 'dev')
const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }

/** A base that beats and answers, unless told otherwise. */
export class Base {
  readonly id: BaseId
  beats = true
  answers = true
  reachable = true
  /** By how much its clock is ahead of ours. */
  aheadMs = 0
  modules: BizReport[] = []
  readonly commands: Command[] = []
  startedAtMs: number
  beatAtMs: number

  constructor(id: string, nowMs: number, phaseMs: number) {
    this.id = baseId(id)
    this.startedAtMs = nowMs - 60_000
    this.beatAtMs = nowMs + phaseMs
  }
}

export class World {
  readonly clock = new SteppedClock(START_MS)
  readonly bases = new Map<BaseId, Base>()
  readonly events: CoreV1Event[] = []
  readonly counts: string[] = []
  readonly claims = new Set<string>()
  readonly nodes = new Set<string>()
  readonly ended = new Set<string>()
  readonly leaving = new Set<string>()
  memory: V1ConfigMap | undefined
  memoryWrites = 0
  memoryFails = false
  brokerTakes = true
  epoch = 0
  readonly registry: BaseRegistry
  readonly controller: BaseTunnelController
  readonly #due = new Map<BaseId, number>()
  runs = 0
  #published = START_MS

  constructor(memory?: V1ConfigMap) {
    this.memory = memory
    this.registry = new BaseRegistry({
      nodeNameOf,
      rng: { next: () => 0.5 },
      maxBases: 1_000,
      newcomers: { tryTake: () => true },
    })
    this.registry.onChange((id, change, record) => {
      for (const woken of wakesOfChange(change, record, () => []).baseTunnel) this.#due.set(woken, this.clock.now())
      if (record.reach.state === 'heard') this.nodes.add(record.nodeName)
      if (record.reach.state === 'dead' || change === 'removed') this.nodes.delete(record.nodeName)
      void id
    })
    this.controller = this.#controller()
    this.linkUp()
  }

  #controller(): BaseTunnelController {
    const world = this
    const store: Store = {
      synced: true,
      get freshAtMs() {
        return world.clock.now()
      },
      node: name => (this.nodes.has(name) ? { metadata: { name, uid: `uid of ${name}` } } : undefined),
      nodes: () => [],
      lease: () => undefined,
      pod: () => undefined,
      podsOn: () => [],
      seenAtMs: () => undefined,
    }
    const basePods: Pick<BasePods, 'state'> = {
      state: ({ uid }) => (this.ended.has(uid) ? 'ended' : this.leaving.has(uid) ? 'leaving' : 'running'),
    }
    return new BaseTunnelController({
      registry: this.registry,
      ownership: alone('operator-1'),
      store,
      foreignOf: () => undefined,
      arklet: { send: (id, command) => this.#send(id, command) },
      cluster: {
        readMemory: async () => this.memory,
        writeMemory: async configMap => {
          this.memoryWrites += 1
          if (this.memoryFails) throw new Error('forbidden')
          this.memory = configMap
        },
      },
      basePods,
      claimedBizs: () => keys(...this.claims),
      nodeNameOf,
      events: { emit: event => this.events.push(event) },
      metrics: {
        count: (name, labels) => this.counts.push(`${name} ${Object.values(labels ?? {}).join()}`.trim()),
        observe: () => {},
      },
      clock: this.clock,
      rng: { next: () => 0.5 },
      log: silentLog,
      settings: TUNNEL_DEFAULTS,
    })
  }

  linkUp(): void {
    this.epoch += 1
    this.#link(true)
  }

  linkDown(): void {
    this.#link(false)
  }

  /** What the composition does on each edge: everyone is looked at. */
  #link(connected: boolean): void {
    this.registry.setLink({ connected, epoch: this.epoch, sinceMs: this.clock.now(), why: 'test' })
    for (const { id } of this.registry.list()) this.#due.set(id, this.clock.now())
  }

  start(id = 'b1', phaseMs = 0): Base {
    const base = new Base(id, this.clock.now(), phaseMs)
    this.bases.set(base.id, base)
    return base
  }

  startMany(count: number): Base[] {
    return Array.from({ length: count }, (_, index) => this.start(`b${index}`, (index * BEAT_MS) / count))
  }

  async #send(id: BaseId, command: Command): Promise<void> {
    if (!this.registry.link.connected) throw new ArkletError('NOT_CONNECTED', 'down')
    if (!this.brokerTakes) throw new ArkletError('PUBLISH_TIMEOUT', 'no acknowledgement')
    const base = this.bases.get(id)
    base?.commands.push(command)
    await Promise.resolve()
    if (base?.answers && base.reachable) this.#answer(base, command)
  }

  #answer(base: Base, command: Command): void {
    const at = { base: base.id, publishedAtMs: this.#stamp(base) }
    const runTimeMs = this.clock.now() - base.startedAtMs
    if (command.kind === 'health') this.#hear(anObservation('health', { ...at, health: { runTimeMs, processors: 2 } }))
    if (command.kind === 'queryAllBiz') this.#hear(anObservation('snapshot', { ...at, bizs: base.modules }))
    if (command.kind !== 'uninstallBiz') return
    base.modules = base.modules.filter(({ name }) => name !== command.name)
    const { name, version } = command
    this.#hear(
      anObservation('answer', { ...at, command: 'uninstallBiz', name, version, outcome: { kind: 'uninstalled' } }),
    )
  }

  #stamp({ aheadMs }: Base): number {
    this.#published = Math.max(this.#published + 1, this.clock.now())
    return this.#published + aheadMs
  }

  /** As if somebody else wrote on its topics. */
  forge(observation: Parameters<BaseRegistry['observe']>[0]): void {
    this.#hear(observation)
  }

  #hear(observation: Parameters<BaseRegistry['observe']>[0]): void {
    if (this.registry.link.connected) this.registry.observe(observation, this.clock.now())
  }

  #beat(base: Base): void {
    if (base.beatAtMs > this.clock.now()) return
    base.beatAtMs += BEAT_MS
    if (base.beats && base.reachable)
      this.#hear(anObservation('heart', { base: base.id, publishedAtMs: this.#stamp(base) }))
  }

  async run(ms: number, stepMs = 100): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.step(stepMs)
      for (const base of this.bases.values()) this.#beat(base)
      await this.#reconcileDue()
    }
  }

  async #reconcileDue(): Promise<void> {
    const nowMs = this.clock.now()
    for (const [id, dueMs] of this.#due) {
      if (dueMs > nowMs) continue
      this.#due.delete(id)
      this.runs += 1
      const { requeueAfterMs } = await this.controller.reconcile(id)
      const next = requeueAfterMs === undefined ? undefined : nowMs + requeueAfterMs
      if (next !== undefined) this.#due.set(id, Math.min(next, this.#due.get(id) ?? next))
    }
  }

  /** Takes up a base from its Node, as at our start. */
  adopt(id: string): void {
    const nowMs = this.clock.now()
    const metadata = { name: '', version: '', clusterName: '' }
    const blank = newRecord({ id: baseId(id), nodeName: nodeNameOf(baseId(id)), metadata, nowMs })
    this.nodes.add(blank.nodeName)
    this.registry.adopt({ ...blank, foreign: new Set(), servedUntilMs: nowMs - 60_000, basePodSettled: true })
  }

  reach(id: BaseId) {
    return this.registry.get(id)?.reach.state
  }

  reasons(): (string | undefined)[] {
    return this.events.map(({ reason }) => reason)
  }

  told(reason: string): number {
    return this.reasons().filter(each => each === reason).length
  }
}
