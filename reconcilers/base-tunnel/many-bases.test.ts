import { beforeEach, describe, expect, test } from 'vitest'
import { World } from './a-world.ts'

let world: World
beforeEach(() => {
  world = new World()
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
