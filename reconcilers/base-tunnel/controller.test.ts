import { beforeEach, describe, expect, test } from 'vitest'
import { baseId, type Command } from '../../mqtt-bridge/index.ts'
import { nodeName } from '../names.ts'
import { aBiz, anObservation } from '../registry/a-base.ts'
import { keys } from './a-tunnel.ts'
import { type Base, World } from './a-world.ts'

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

describe('we restart', () => {
  test('bases known from their Nodes are asked at once; those that live are heard', async () => {
    world.start('b1', 9_000).beats = false
    world.adopt('b1')
    await world.run(1_000)
    expect(world.reach(baseId('b1'))).toBe('heard')
    expect(world.events).toEqual([])
  })

  test('those that do not are dead only after a full window since our connect', async () => {
    world.adopt('b1')
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
    world.adopt('b1')
    await world.run(300_000)
    expect(asked(base, 'uninstallBiz')).toBe(0)
  })

  test('a module of ours whose Pod went while we were away is uninstalled after two looks and 30 s', async () => {
    const base = world.start()
    base.modules = [aBiz()]
    world.adopt('b1')
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

test('a base whose own Pod is being deleted gets no commands, and is dead when that is gone', async () => {
  const base = world.start()
  await world.run(5_000)
  world.registry.note(base.id, { kind: 'basePod', basePod: { namespace: 'shop', name: 'base-0', uid: 'uid-0' } })
  world.leaving.add('uid-0')
  await world.run(15_000)
  expect(world.registry.get(base.id)?.noCommands?.reason).toBe('BaseLeaving')
  expect(world.reach(base.id)).toBe('heard')
  expect(world.reasons()).toEqual(['BaseLeaving'])
  world.ended.add('uid-0')
  base.reachable = false
  await world.run(15_000)
  expect(world.reach(base.id)).toBe('dead')
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
