import type { CoreV1Event, V1ConfigMap } from '@kubernetes/client-node'
import { beforeEach, describe, expect, test } from 'vitest'
import { ArkletError, type BaseId, type BizReport, baseId, type Command } from '../../mqtt-bridge/index.ts'
import { SteppedClock } from '../loop/stepped-clock.ts'
import { nodeName } from '../names.ts'
import { nodeNaming } from '../node-identity.ts'
import type { BasePods, Log, Store } from '../ports.ts'
import { aBiz, anObservation } from '../registry/a-base.ts'
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
class Base {
  readonly id: BaseId
  beats = true
  answers = true
  reachable = true
  modules: BizReport[] = []
  readonly commands: Command[] = []
  readonly startedAtMs: number
  beatAtMs: number

  constructor(id: string, nowMs: number, phaseMs: number) {
    this.id = baseId(id)
    this.startedAtMs = nowMs - 60_000
    this.beatAtMs = nowMs + phaseMs
  }
}

class World {
  readonly clock = new SteppedClock(START_MS)
  readonly bases = new Map<BaseId, Base>()
  readonly events: CoreV1Event[] = []
  readonly counts: string[] = []
  readonly claims = new Set<string>()
  readonly nodes = new Set<string>()
  readonly ended = new Set<string>()
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
    const basePods: Pick<BasePods, 'state'> = { state: ({ uid }) => (this.ended.has(uid) ? 'ended' : 'running') }
    return new BaseTunnelController({
      registry: this.registry,
      store,
      arklet: { send: (id, command) => this.#send(id, command), clearRetained: async () => {} },
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
    const at = { base: base.id, publishedAtMs: this.#stamp() }
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

  #stamp(): number {
    this.#published = Math.max(this.#published + 1, this.clock.now())
    return this.#published
  }

  #hear(observation: Parameters<BaseRegistry['observe']>[0]): void {
    if (this.registry.link.connected) this.registry.observe(observation, this.clock.now())
  }

  #beat(base: Base): void {
    if (base.beatAtMs > this.clock.now()) return
    base.beatAtMs += BEAT_MS
    if (base.beats && base.reachable)
      this.#hear(anObservation('heart', { base: base.id, publishedAtMs: this.#stamp() }))
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

let world: World
beforeEach(() => {
  world = new World()
})

const asked = (base: Base, kind: Command['kind']): number =>
  base.commands.filter(command => command.kind === kind).length

test('a base is heard within moments of its first heart, by its answer, and its record is complete', async () => {
  const base = world.start()
  await world.run(300)
  expect(world.registry.get(base.id)).toMatchObject({ reach: { state: 'heard' }, health: { processors: 2 } })
  expect(world.registry.get(base.id)?.foreign).toEqual(new Set())
})

test('a quiet base is asked about twice a minute and looked at about five times', async () => {
  const base = world.start()
  await world.run(120_000)
  base.commands.length = 0
  const before = world.runs
  await world.run(600_000)
  expect(base.commands.length).toBeLessThanOrEqual(22)
  expect(world.runs - before).toBeLessThanOrEqual(10 * 10)
  expect(world.events).toEqual([])
})

describe('a base’s heartbeat only is lost', () => {
  test('nothing happens: it is asked often enough to tell', async () => {
    const base = world.start()
    await world.run(30_000)
    base.beats = false
    await world.run(600_000)
    expect(world.reach(base.id)).toBe('heard')
    expect(world.events).toEqual([])
    expect(asked(base, 'health')).toBeGreaterThan(90)
  })
})

describe('one base falls silent', () => {
  let base: Base
  beforeEach(async () => {
    base = world.start()
    await world.run(30_000)
    base.reachable = false
  })

  test('it is silent after 25 s, asked every five, and heard again as soon as it answers', async () => {
    await world.run(24_000)
    expect(world.reach(base.id)).toBe('heard')
    await world.run(2_000)
    expect(world.reach(base.id)).toBe('silent')
    base.reachable = true
    await world.run(5_500)
    expect(world.reach(base.id)).toBe('heard')
    expect(world.reasons()).toEqual(['BaseSilent', 'BaseHeard'])
  })

  test('cut off for 190 s it is not taken for dead', async () => {
    await world.run(190_000)
    expect(world.reach(base.id)).toBe('silent')
  })

  test('after 200 s it is dead: counted, told, and written down with its identity', async () => {
    await world.run(205_000)
    expect(world.reach(base.id)).toBe('dead')
    expect(world.reasons()).toEqual(['BaseSilent', 'BaseDead'])
    expect(world.counts).toContain('koupleless_bases_lost_total silent')
    expect(world.memory?.data?.['bases.json']).toContain('"identity":"b1"')
  })

  test('dead, it is asked ever more rarely, and comes back when it answers, though it never beats again', async () => {
    await world.run(205_000)
    base.commands.length = 0
    await world.run(3_600_000, 1_000)
    expect(asked(base, 'health')).toBeGreaterThan(5)
    expect(asked(base, 'health')).toBeLessThan(40)
    base.reachable = true
    base.beats = false
    await world.run(16 * 60_000, 1_000)
    expect(world.reach(base.id)).toBe('heard')
    expect(world.memory?.data?.['bases.json']).not.toContain('"identity":"b1"')
  })

  test('dead for a day, it is forgotten altogether', async () => {
    await world.run(24 * 3_600_000 + 300_000, 10_000)
    expect(world.registry.size).toBe(0)
    expect(world.memory?.data?.['bases.json']).not.toContain('"identity":"b1"')
  })

  test('a memory that cannot be written fails nobody’s watch', async () => {
    world.memoryFails = true
    await world.run(400_000)
    expect(world.reach(base.id)).toBe('dead')
    expect(world.memoryWrites).toBeLessThan(10)
  })
})

test('questions that the broker did not take prove no silence', async () => {
  const base = world.start()
  await world.run(30_000)
  world.brokerTakes = false
  base.beats = false
  await world.run(300_000)
  expect(world.reach(base.id)).toBe('heard')
})

describe('many bases', () => {
  test('die of silence no faster than the eviction rate', async () => {
    const bases = world.startMany(20)
    await world.run(30_000)
    for (const base of bases.slice(0, 8)) base.reachable = false
    await world.run(205_000)
    const dead = () => bases.filter(({ id }) => world.reach(id) === 'dead').length
    const first = dead()
    expect(first).toBeGreaterThanOrEqual(1)
    expect(first).toBeLessThanOrEqual(2)
    await world.run(100_000)
    expect(dead()).toBe(8)
  })

  test('more than 55 % silent at once are held: none is called silent, and one Event tells', async () => {
    const bases = world.startMany(20)
    await world.run(30_000)
    for (const base of bases.slice(0, 12)) base.reachable = false
    await world.run(190_000)
    for (const { id } of bases.slice(0, 12)) {
      expect(world.registry.get(id)?.reach).toMatchObject({ state: 'unproven', held: true })
    }
    expect(world.reasons()).toEqual(['BasesSilentHeld'])
    expect(world.controller.massSilence).toMatchObject({ held: true, missing: 12, known: 20 })
  })

  test('held, they die a hundredfold slower, and all come back when the network does', async () => {
    const bases = world.startMany(20)
    await world.run(30_000)
    for (const base of bases) base.reachable = false
    await world.run(1_000_000)
    const dead = bases.filter(({ id }) => world.reach(id) === 'dead')
    expect(dead).toHaveLength(1)
    for (const base of bases) base.reachable = true
    await world.run(20_000)
    expect(bases.every(({ id }) => world.reach(id) === 'heard')).toBe(true)
  })
})

describe('our own connection is lost', () => {
  test('for an hour: nobody is judged, and on return everyone is asked at once', async () => {
    const bases = world.startMany(5)
    await world.run(30_000)
    world.linkDown()
    await world.run(3_600_000, 1_000)
    expect(world.events).toEqual([])
    expect(bases.map(({ id }) => world.reach(id))).toEqual(Array(5).fill('unproven'))
    world.linkUp()
    await world.run(1_000)
    expect(bases.map(({ id }) => world.reach(id))).toEqual(Array(5).fill('heard'))
  })

  test('and bases that come back only after 130 s, never to beat again, are not touched', async () => {
    const bases = world.startMany(5)
    await world.run(30_000)
    world.linkDown()
    for (const base of bases) {
      base.beats = false
      base.reachable = false
    }
    await world.run(90_000)
    world.linkUp()
    await world.run(130_000)
    for (const base of bases) base.reachable = true
    await world.run(10_000)
    expect(bases.map(({ id }) => world.reach(id))).toEqual(Array(5).fill('heard'))
    expect(world.events).toEqual([])
  })
})

describe('we restart', () => {
  const adopt = (id: string): void => {
    const nowMs = world.clock.now()
    const blank = newRecord({
      id: baseId(id),
      nodeName: nodeNameOf(baseId(id)),
      metadata: { name: '', version: '', clusterName: '' },
      nowMs,
    })
    world.nodes.add(blank.nodeName)
    world.registry.adopt({ ...blank, foreign: new Set(), servedUntilMs: nowMs - 60_000, basePodSettled: true })
  }

  test('bases known from their Nodes are asked at once; those that live are heard', async () => {
    world.start('b1', 9_000).beats = false
    adopt('b1')
    await world.run(1_000)
    expect(world.reach(baseId('b1'))).toBe('heard')
    expect(world.events).toEqual([])
  })

  test('those that do not are dead only after a full window since our connect', async () => {
    adopt('b1')
    await world.run(199_000)
    expect(world.reach(baseId('b1'))).toBe('unproven')
    await world.run(10_000)
    expect(world.reach(baseId('b1'))).toBe('dead')
  })

  test('and the dead are still remembered, and come back if they live', async () => {
    const base = world.start()
    await world.run(30_000)
    base.modules = [aBiz('shipped', '1')]
    await world.run(10_000)
    base.reachable = false
    await world.run(205_000)
    world = new World(world.memory)
    expect(await world.controller.restore()).toBe(1)
    expect(world.registry.get(baseId('b1'))?.foreign).toEqual(keys('shipped:1'))
    expect(world.reach(baseId('b1'))).toBe('dead')
    world.start('b1', 5_000)
    await world.run(16_000)
    expect(world.reach(baseId('b1'))).toBe('heard')
  })

  test('nothing is uninstalled because we do not know it: a claimed module stays', async () => {
    const base = world.start()
    base.modules = [aBiz()]
    world.claims.add('biz1:0.0.1')
    adopt('b1')
    await world.run(300_000)
    expect(asked(base, 'uninstallBiz')).toBe(0)
  })

  test('a module of ours whose Pod went while we were away is uninstalled after two looks and 30 s', async () => {
    const base = world.start()
    base.modules = [aBiz()]
    adopt('b1')
    await world.run(28_000)
    expect(asked(base, 'uninstallBiz')).toBe(0)
    await world.run(15_000)
    expect(base.commands).toContainEqual({ kind: 'uninstallBiz', name: 'biz1', version: '0.0.1' })
    expect(world.reasons()).toEqual(['UnclaimedModule'])
    expect(world.counts).toContain('koupleless_modules_swept_total')
    await world.run(120_000)
    expect(asked(base, 'uninstallBiz')).toBe(1)
  })
})

describe('foreign modules', () => {
  test('that a base was shipped with are never touched, also when they come a second after the first, empty look', async () => {
    const base = world.start()
    await world.run(1_000)
    expect(world.registry.get(base.id)?.foreign).toEqual(new Set())
    base.modules = [aBiz('shipped', '1')]
    await world.run(600_000)
    expect(asked(base, 'uninstallBiz')).toBe(0)
    expect(world.registry.get(base.id)?.foreign).toEqual(keys('shipped:1'))
    expect(world.reasons()).toEqual(['ForeignModule'])
  })
})

test('a base whose own Pod ended is dead at once', async () => {
  const base = world.start()
  await world.run(5_000)
  const basePod = { namespace: 'shop', name: 'base-0', uid: 'uid-0' }
  world.registry.note(base.id, { kind: 'basePod', basePod })
  world.ended.add('uid-0')
  base.reachable = false
  await world.run(15_000)
  expect(world.reach(base.id)).toBe('dead')
  expect(world.counts).toContain('koupleless_bases_lost_total ownPod')
})

test('a base that beats but answers nothing is deaf until it answers', async () => {
  const base = world.start()
  await world.run(30_000)
  base.answers = false
  await world.run(120_000)
  expect(world.reach(base.id)).toBe('heard')
  expect(world.registry.get(base.id)?.noCommands).toMatchObject({ reason: 'BaseDeaf' })
  base.answers = true
  await world.run(6_000)
  expect(world.registry.get(base.id)?.noCommands).toBeUndefined()
  expect(world.told('BaseDeaf')).toBe(1)
})

test('two bases under one identity freeze it until a minute after they stop', async () => {
  const base = world.start()
  await world.run(30_000)
  const other = { name: 'other', version: '2', clusterName: 'c' }
  const beat = (metadata?: typeof other) =>
    world.registry.observe(
      anObservation('heart', { base: 'b1', publishedAtMs: world.clock.now(), ...(metadata && { metadata }) }),
      world.clock.now(),
    )
  for (let turns = 0; turns < 4; turns += 1) {
    beat(other)
    await world.run(1_000)
    beat()
    await world.run(1_000)
  }
  expect(world.registry.get(base.id)?.noCommands).toMatchObject({ reason: 'DuplicateIdentity' })
  await world.run(70_000)
  expect(world.registry.get(base.id)?.noCommands).toBeUndefined()
  expect(world.told('DuplicateIdentity')).toBe(1)
})

test('a base that goes and whose record is dropped leaves nothing behind', async () => {
  const base = world.start()
  await world.run(5_000)
  world.registry.remove(base.id)
  base.reachable = false
  expect(await world.controller.reconcile(base.id)).toMatchObject({ gone: true })
  expect(world.controller.memoOf(base.id).askedAtMs).toEqual({})
})

test('the Event names the Node', async () => {
  const base = world.start()
  await world.run(30_000)
  base.reachable = false
  await world.run(26_000)
  expect(world.events[0]?.involvedObject).toMatchObject({
    name: nodeName('virtual-node-b1'),
    uid: 'uid of virtual-node-b1',
  })
})
