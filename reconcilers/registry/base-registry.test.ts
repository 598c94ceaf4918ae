import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { baseId, bizKey, type Observation } from '../../mqtt-bridge/index.ts'
import { nodeName } from '../names.ts'
import { aBase, aBiz, aFlight, anObservation, BUILT_AT_MS } from './a-base.ts'
import type { Change } from './base-record.ts'
import { BaseRegistry, type RegistryOptions } from './base-registry.ts'

const NOW = BUILT_AT_MS + 10
const KEY = bizKey('biz1', '0.0.1')
const SILENT = { state: 'silent', sinceMs: NOW, why: 'not heard for 25 s' } as const

function aRegistry(options: Partial<RegistryOptions> = {}): BaseRegistry {
  const registry = new BaseRegistry({
    nodeNameOf: id => nodeName(`virtual-node-${id.toLowerCase()}`),
    rng: { next: () => 0.5 },
    maxBases: 100,
    newcomers: { tryTake: () => true },
    ...options,
  })
  registry.setLink({ connected: true, epoch: 1, sinceMs: 0, why: 'connected' })
  return registry
}

const heartOf = (base: string, publishedAtMs = BUILT_AT_MS + 1): Observation =>
  anObservation('heart', { base, publishedAtMs })

describe('bases come and go', () => {
  test('a heart makes one known, by identity and by Node', () => {
    const registry = aRegistry()
    expect(registry.observe(heartOf('b1'), NOW).kind).toBe('added')
    expect(registry.observe(heartOf('b1', BUILT_AT_MS + 2), NOW).kind).toBe('known')
    expect(registry.get(baseId('b1'))).toBe(registry.byNode(nodeName('virtual-node-b1')))
    expect([registry.size, registry.list().length]).toEqual([1, 1])
  })

  test('what an unknown one answers makes nothing known', () => {
    const registry = aRegistry()
    expect(registry.observe(anObservation('snapshot'), NOW)).toEqual({ kind: 'ignored' })
    expect(registry.size).toBe(0)
  })

  test('one that is removed is told of for the last time, and its name is free', () => {
    const registry = aRegistry()
    registry.observe(heartOf('b1'), NOW)
    const told: Change[] = []
    registry.onChange((_id, change) => told.push(change))
    registry.remove(baseId('b1'))
    registry.remove(baseId('b1'))
    expect(told).toEqual(['removed'])
    expect([registry.size, registry.byNode(nodeName('virtual-node-b1'))]).toEqual([0, undefined])
    expect(registry.observe(heartOf('B1'), NOW).kind).toBe('added')
  })
})

describe('refused is', () => {
  test('a second identity whose Node would bear the same name', () => {
    const registry = aRegistry()
    registry.observe(heartOf('Base'), NOW)
    expect(registry.observe(heartOf('base'), NOW)).toEqual({ kind: 'refused', reason: 'nodeNameTaken', by: 'Base' })
    expect(registry.get(baseId('base'))).toBeUndefined()
    expect(registry.byNode(nodeName('virtual-node-base'))?.id).toBe('Base')
    expect(registry.adopt(aBase({ id: 'other', nodeName: nodeName('virtual-node-base') }))).toMatchObject({
      kind: 'refused',
    })
    expect(registry.refusedCounts.nodeNameTaken).toBe(2)
  })

  test('a newcomer where there are as many as may be; the known ones go on', () => {
    const registry = aRegistry({ maxBases: 2 })
    for (const base of ['b1', 'b2']) registry.observe(heartOf(base), NOW)
    expect(registry.observe(heartOf('b3'), NOW)).toEqual({ kind: 'refused', reason: 'full' })
    expect(registry.observe(heartOf('b1', BUILT_AT_MS + 2), NOW).kind).toBe('known')
    expect(registry.refusedCounts.full).toBe(1)
  })

  test('a newcomer beyond the rate, until there is room again', () => {
    const takes = [true, false, true]
    const registry = aRegistry({ newcomers: { tryTake: () => takes.shift() ?? false } })
    expect(registry.observe(heartOf('b1'), NOW).kind).toBe('added')
    expect(registry.observe(heartOf('b2'), NOW)).toEqual({ kind: 'refused', reason: 'rate' })
    expect(registry.observe(heartOf('b2'), NOW).kind).toBe('added')
  })
})

test('the dead that are still remembered keep no newcomer out, yet are bounded too', () => {
  const registry = aRegistry({ maxBases: 2 })
  const die = (base: string): void => {
    registry.observe(heartOf(base), NOW)
    registry.note(baseId(base), { kind: 'reach', reach: { state: 'dead', sinceMs: NOW, why: '' } })
  }
  for (const base of ['d1', 'd2', 'd3']) die(base)
  expect(registry.observe(heartOf('b1'), NOW).kind).toBe('added')
  expect(registry.observe(heartOf('b2'), NOW)).toEqual({ kind: 'refused', reason: 'full' })
})

test('a flood of invented identities costs no more than the bound', () => {
  const registry = aRegistry({ maxBases: 50 })
  for (let i = 0; i < 5_000; i++) registry.observe(heartOf(`x-${i}`), NOW)
  expect(registry.size).toBe(50)
})

describe('a base taken up from its Node', () => {
  test('is known at once, past both brakes', () => {
    const registry = aRegistry({ maxBases: 0, newcomers: { tryTake: () => false } })
    expect(registry.adopt(aBase()).kind).toBe('added')
  })

  test('that was heard before keeps its own facts and gains what it lacks', () => {
    const registry = aRegistry()
    registry.observe(anObservation('queryBaseline'), NOW)
    const adopted = registry.adopt(
      aBase({ address: { ip: '10.9.9.9', hostName: 'h', port: 0 }, foreign: new Set([KEY]) }),
    )
    expect(adopted).toMatchObject({
      kind: 'known',
      record: { address: { ip: '10.9.9.9' }, life: { messagesInEpoch: 1 }, foreign: new Set([KEY]) },
    })
    expect(registry.size).toBe(1)
  })

  test('that lacks nothing is left as it is, and nobody is woken', () => {
    const registry = aRegistry()
    registry.adopt(aBase())
    const told: Change[] = []
    registry.onChange((_id, change) => told.push(change))
    const before = registry.get(baseId('b1'))
    registry.adopt(aBase({ address: { ip: '10.9.9.9', hostName: 'h', port: 0 } }))
    expect(registry.get(baseId('b1'))).toBe(before)
    expect(told).toEqual([])
  })
})

describe('whoever listens', () => {
  test('hears each kind of change once, when the new record is in place', () => {
    const registry = aRegistry()
    registry.adopt(aBase())
    const told: string[] = []
    const stop = registry.onChange((id, change, record) => {
      told.push(`${id} ${change} ${record === registry.get(id)}`)
    })
    registry.observe(anObservation('snapshot', { bizs: [aBiz()] }), NOW)
    expect(told).toEqual(['b1 seen true', 'b1 bizs true'])
    stop()
    registry.observe(heartOf('b1', BUILT_AT_MS + 9), NOW)
    expect(told).toHaveLength(2)
  })

  test('hears how each command ended', () => {
    const registry = aRegistry()
    registry.adopt(aBase())
    const ended: string[] = []
    registry.onFlightEnd((id, { key, outcome, flight }) => ended.push(`${id} ${key} ${outcome} ${flight.sentAtMs}`))
    registry.note(baseId('b1'), { kind: 'commanded', key: KEY, flight: aFlight() })
    registry.observe(anObservation('answer', { publishedAtMs: BUILT_AT_MS + 500 }), NOW)
    expect(ended).toEqual([`b1 biz1:0.0.1 installed ${BUILT_AT_MS}`])
  })

  test('may note something itself while being told', () => {
    const registry = aRegistry()
    registry.onChange((id, change) => {
      if (change === 'added') registry.note(id, { kind: 'reach', reach: SILENT })
    })
    registry.observe(heartOf('b1'), NOW)
    expect(registry.get(baseId('b1'))?.reach).toEqual(SILENT)
  })
})

test('records are replaced, never mutated: who holds one holds a moment', () => {
  const registry = aRegistry()
  registry.adopt(deepFrozen(aBase({ flights: [aFlight()] })))
  const held = registry.get(baseId('b1'))
  const copy = structuredClone(held)
  registry.observe(anObservation('answer'), NOW)
  registry.observe(anObservation('snapshot', { publishedAtMs: BUILT_AT_MS + 20, bizs: [aBiz('biz2')] }), NOW)
  registry.observe(anObservation('queryBaseline', { publishedAtMs: BUILT_AT_MS + 30 }), NOW)
  expect(held).toEqual(copy)
})

test('a note on a base that is not known is refused', () => {
  expect(aRegistry().note(baseId('b1'), { kind: 'asked', atMs: NOW })).toBe(false)
})

test('how many are in which state is counted along', () => {
  const base = fc.constantFrom('b1', 'b2', 'b3', 'b4')
  const step = fc.oneof(
    fc.record({ kind: fc.constant('heard' as const), base }),
    fc.record({ kind: fc.constant('removed' as const), base }),
    fc.record({ kind: fc.constantFrom('silent' as const, 'dead' as const, 'unproven' as const), base }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      const registry = aRegistry({ maxBases: 3 })
      for (const [i, { kind, base: id }] of steps.entries()) {
        if (kind === 'heard') registry.observe(heartOf(id, BUILT_AT_MS + i), NOW + i)
        else if (kind === 'removed') registry.remove(baseId(id))
        else registry.note(baseId(id), { kind: 'reach', reach: { state: kind, sinceMs: i, why: '' } })
      }
      const counted = { unproven: 0, heard: 0, silent: 0, dead: 0 }
      for (const { reach } of registry.list()) counted[reach.state]++
      expect(registry.reachCounts).toEqual(counted)
    }),
  )
})

function deepFrozen<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFrozen(part)
  return Object.freeze(value)
}
