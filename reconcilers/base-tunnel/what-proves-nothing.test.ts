import { describe, expect, test } from 'vitest'
import { baseId, bizKey } from '../../mqtt-bridge/index.ts'
import { aBiz, anObservation } from '../registry/a-base.ts'
import { type Base, World } from './a-world.ts'

const B1 = baseId('b1')
const KEY = bizKey('biz1', '0.0.1')

async function running(): Promise<{ world: World; base: Base }> {
  const world = new World()
  world.claims.add('biz1:0.0.1')
  const base = world.start()
  await world.run(20_000)
  base.modules = [aBiz()]
  // A base that is young is looked at often: this one is not any more.
  await world.run(150_000)
  base.commands.length = 0
  return { world, base }
}

const looks = (base: Base): number => base.commands.filter(({ kind }) => kind === 'queryAllBiz').length
const known = (world: World) => [...(world.registry.get(B1)?.bizs.keys() ?? [])]

test.each([
  ['time zero', () => 0],
  ['now', (world: World) => world.clock.now() + 1],
  ['next year', (world: World) => world.clock.now() + 365 * 86_400_000],
])('an empty look of %s that nobody asked for is looked after, once, and nothing changes', async (_, when) => {
  const { world, base } = await running()
  world.forge(anObservation('snapshot', { publishedAtMs: when(world), bizs: [] }))
  expect(known(world)).toEqual([KEY])
  await world.run(5_000)
  expect([known(world), looks(base), world.registry.get(B1)?.restarts]).toEqual([[KEY], 1, 0])
})

test('a flood of them is looked after once a second', async () => {
  const { world, base } = await running()
  for (let at = 0; at < 50; at += 1) {
    world.forge(anObservation('snapshot', { publishedAtMs: world.clock.now() + at, bizs: [] }))
    await world.run(100)
  }
  expect(known(world)).toEqual([KEY])
  expect(looks(base)).toBeLessThanOrEqual(6)
})

describe('a clock that is set back', () => {
  test.each([2, 20, 24 * 60])('by %i minutes: what the base says is known within a minute', async minutes => {
    const { world, base } = await running()
    base.aheadMs = -minutes * 60_000
    base.modules = [aBiz('biz2')]
    await world.run(60_000)
    expect(known(world)).toEqual(['biz2:0.0.1'])
    expect(world.reach(B1)).toBe('heard')
    expect(world.registry.get(B1)?.life.suspectAtMs).toBeUndefined()
  })

  test('as the base begins anew without a heart: that it restarted is known within a minute', async () => {
    const { world, base } = await running()
    base.beats = false
    base.modules = []
    base.aheadMs = -3_600_000
    base.startedAtMs = world.clock.now()
    const publishedAtMs = world.clock.now() + base.aheadMs
    world.forge(anObservation('queryBaseline', { publishedAtMs }))
    await world.run(60_000)
    expect([known(world), world.registry.get(B1)?.restarts]).toEqual([[], 1])
  })
})
