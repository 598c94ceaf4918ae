import { describe, expect, test } from 'vitest'
import type { Observation } from '../../mqtt-bridge/index.ts'
import { aBase, aBiz, aContext, anObservation, BUILT_AT_MS } from './a-base.ts'
import type { BaseRecord } from './base-record.ts'
import { observe } from './observe.ts'

type Said = readonly [number, Observation]

function hear(record: BaseRecord, ...said: readonly Said[]): BaseRecord {
  return said.reduce(
    (known, [afterMs, observation]) =>
      observe(known, observation, aContext({ nowMs: BUILT_AT_MS + afterMs }))?.record ?? known,
    record,
  )
}

const heart = (afterMs: number, facts: { name?: string; ip?: string; hostName?: string } = {}): Said => {
  const { name = 'base', ...address } = facts
  const metadata = { name, version: '1.1.1', clusterName: 'base' }
  return [afterMs, anObservation('heart', { publishedAtMs: BUILT_AT_MS + afterMs, metadata, ...address })]
}
const baseline = (afterMs: number, name = 'base'): Said => {
  const metadata = { name, version: '1.1.1', clusterName: 'base' }
  return [afterMs, anObservation('queryBaseline', { publishedAtMs: BUILT_AT_MS + afterMs, metadata })]
}
const health = (afterMs: number, runTimeMs: number): Said => [
  afterMs,
  anObservation('health', { publishedAtMs: BUILT_AT_MS + afterMs, health: { runTimeMs } }),
]

describe('two processes under one identity are told by', () => {
  test('metadata that alternates: the captured case of a twin with another name', () => {
    const before = hear(aBase(), heart(10), baseline(1_000, 'twin'), heart(1_023, { name: 'twin' }))
    expect(before.duplicateSeenAtMs).toBeUndefined()
    expect(hear(before, heart(6_000)).duplicateSeenAtMs).toBe(BUILT_AT_MS + 6_000)
  })

  test.each([{ ip: '10.0.0.2' }, { hostName: 'other' }])('an address that alternates: %o', twin => {
    const known = hear(aBase(), heart(10), heart(1_000, twin))
    expect(known.duplicateSeenAtMs).toBeUndefined()
    expect(hear(known, heart(5_000)).duplicateSeenAtMs).toBe(BUILT_AT_MS + 5_000)
  })

  test('run times from two beginnings, where all else is equal', () => {
    const restarted = hear(aBase(), health(1_000, 61_000), health(3_000, 5_000))
    expect([restarted.restarts, restarted.duplicateSeenAtMs]).toEqual([1, undefined])
    const back = hear(restarted, health(5_000, 65_000))
    expect([back.restarts, back.duplicateSeenAtMs]).toEqual([1, BUILT_AT_MS + 5_000])
  })

  test('the run time of a process that a queryBaseline seemed to have replaced', () => {
    const known = hear(aBase(), health(1_000, 61_000), baseline(2_000), health(4_000, 64_000))
    expect(known).toMatchObject({ restarts: 1, duplicateSeenAtMs: BUILT_AT_MS + 4_000 })
  })
})

test('two that go on for long are no endless row of restarts', () => {
  const turns = Array.from({ length: 60 }, (_, i) => [
    health(1_000 * (2 * i + 1), 60_000 + 1_000 * (2 * i + 1)),
    health(1_000 * (2 * i + 2), 1_000 * (2 * i + 2)),
  ])
  const known = hear(aBase(), ...turns.flat())
  expect(known.restarts).toBeLessThanOrEqual(1)
  expect(known.duplicateSeenAtMs).toBe(BUILT_AT_MS + 120_000)
})

test('three at once are told as well, and restarts end', () => {
  const starts = [-60_000, -30_000, -10_000]
  const turns = Array.from({ length: 30 }, (_, i) => health(2_000 * (i + 1), 2_000 * (i + 1) - (starts[i % 3] ?? 0)))
  const known = hear(aBase({ lacking: ['process'] }), ...turns)
  expect(known.restarts).toBeLessThanOrEqual(2)
  expect(known.duplicateSeenAtMs).toBe(BUILT_AT_MS + 60_000)
})

describe('no duplicate is', () => {
  test('a base that restarted within seconds of its start', () => {
    const young = hear(aBase(), baseline(100_000), health(101_000, 2_000))
    const back = hear(young, baseline(102_500), health(103_000, 1_000))
    expect([back.restarts, back.duplicateSeenAtMs]).toEqual([2, undefined])
  })

  test('a base that moved', () => {
    const moved = hear(aBase(), heart(10), heart(1_000, { ip: '10.0.0.2' }), heart(11_000, { ip: '10.0.0.2' }))
    expect(moved).toMatchObject({ address: { ip: '10.0.0.2' } })
    expect(moved.duplicateSeenAtMs).toBeUndefined()
  })

  test('one that moved and came back later', () => {
    const back = hear(aBase(), heart(10), heart(1_000, { ip: '10.0.0.2' }), heart(70_000))
    expect(back.duplicateSeenAtMs).toBeUndefined()
  })

  test('a release that was rolled back at once: each process announces itself', () => {
    const rolledBack = hear(
      aBase(),
      heart(10),
      baseline(1_000, 'next'),
      heart(1_100, { name: 'next' }),
      baseline(9_000),
      heart(9_100),
    )
    expect(rolledBack).toMatchObject({ restarts: 2, metadata: { name: 'base' } })
    expect(rolledBack.duplicateSeenAtMs).toBeUndefined()
  })

  test('a restart', () => {
    const restarted = hear(
      aBase(),
      health(1_000, 61_000),
      baseline(5_000),
      heart(5_100),
      health(6_000, 3_000),
      health(16_000, 13_000),
    )
    expect(restarted.duplicateSeenAtMs).toBeUndefined()
  })
})

test('while two alternate, what is known stays: either may have said it', () => {
  const snapshot = (afterMs: number, name: string): Said => [
    afterMs,
    anObservation('snapshot', { publishedAtMs: BUILT_AT_MS + afterMs, bizs: [aBiz(name)] }),
  ]
  const twins = hear(aBase({ bizs: [aBiz()] }), heart(10), heart(1_000, { ip: '10.0.0.2' }), heart(2_000))
  expect([...hear(twins, snapshot(3_000, 'twins')).bizs.keys()]).toEqual(['biz1:0.0.1'])
  const later = hear(twins, snapshot(62_001, 'later'))
  expect([...later.bizs.keys()]).toEqual(['later:0.0.1'])
})
