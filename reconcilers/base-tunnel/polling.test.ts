import { describe, expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { aBase, aBiz, aFlight, anAttempt, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { type Given, tunnelFacts } from './a-tunnel.ts'
import { decidePolling } from './polling.ts'

const now = BUILT_AT_MS
const HOUR_MS = 3_600_000
/** Long known: the haste of the first minute is over. */
const old: BaseFacts = { firstHeardAtMs: now - HOUR_MS }
const life = (facts: Partial<BaseRecord['life']>): BaseFacts => ({ life: { ...aBase().life, ...facts } })
const doubt = (raisedAtMs: number): BaseFacts => ({
  doubts: new Map([bizKey('biz1', '0.0.1')].map(key => [key, { sincePublishedAtMs: 1, raisedAtMs }])),
})
const decide = (given: Given) => decidePolling(tunnelFacts({ ...given, base: { ...old, ...given.base } }))
const asked = (given: Given) => (decide(given).commands ?? []).map(({ kind }) => kind)
/** Both questions asked so long ago. */
const askedAgo = (ms: number) => ({ askedAtMs: { health: now - ms, queryAllBiz: now - ms } })
const askedAt = (health: number, queryAllBiz: number) => ({ askedAtMs: { health, queryAllBiz } })

describe('a quiet base', () => {
  test('is asked each question about once a minute', () => {
    expect(asked({ memo: askedAgo(59_999) })).toEqual([])
    expect(asked({ memo: askedAgo(60_000) })).toEqual(['health', 'queryAllBiz'])
  })

  test('a little sooner or later than the next base', () => {
    expect(asked({ memo: askedAgo(54_000), slot: 0 })).toHaveLength(2)
    expect(asked({ memo: askedAgo(65_000), slot: 0.99 })).toEqual([])
  })

  test('is looked at again when its next heart is overdue, for hearts wake nobody', () => {
    expect(decide({}).wakeAfterMs).toBe(12_001)
  })

  test('what is asked is noted, so that silence can be told from not having been asked', () => {
    const { notes, memo } = decide({ memo: askedAgo(60_000) })
    expect(notes).toEqual([{ kind: 'asked', atMs: now, isLook: true }])
    expect(memo).toEqual(askedAt(now, now))
  })
})

test('a base that no longer beats is asked every five seconds: it may live and answer everything', () => {
  const base = life({ heartAtMs: now - 12_001 })
  expect(asked({ base, memo: askedAt(now - 4_999, now) })).toEqual([])
  expect(asked({ base, memo: askedAt(now - 5_000, now) })).toEqual(['health'])
  expect(asked({ base: life({ heartAtMs: now - 12_000 }), memo: askedAt(now - 5_000, now) })).toEqual([])
})

test('a question not answered for five seconds is asked again, every five', () => {
  expect(asked({ base: life({ askedSinceMs: now - 5_001 }), memo: askedAt(now - 5_000, now) })).toEqual(['health'])
  expect(asked({ base: life({ askedSinceMs: now - 4_000 }), memo: askedAt(now - 5_000, now) })).toEqual([])
})

test('after a module met a path that is taken its health is asked, for only that tells whose the path is', () => {
  const attempts = { 'pod-1/biz1': anAttempt({ lastFailedAtMs: now - 60, clash: { kind: 'contextPath', path: '/a' } }) }
  const known: BaseFacts = { attempts, healthAtMs: now - 30_000 }
  expect(asked({ base: known, memo: askedAgo(1_000) })).toEqual(['health'])
  expect(asked({ base: known, memo: askedAgo(50) })).toEqual([])
  expect(asked({ base: { ...known, healthAtMs: now }, memo: askedAgo(1_000) })).toEqual([])
})

test('one that asks for its baseline is asked for its health: it may be another process than the one we know', () => {
  const known: BaseFacts = { healthAtMs: now - 30_000 }
  expect(asked({ base: known, memo: { ...askedAgo(60), greetedAtMs: now } })).toEqual(['health'])
  expect(asked({ base: known, memo: { ...askedAgo(60), greetedAtMs: now - 60 } })).toEqual([])
  expect(asked({ base: known, memo: { ...askedAgo(200), greetedAtMs: now - 200 } })).toEqual(['health'])
  expect(asked({ base: { healthAtMs: now }, memo: { ...askedAgo(200), greetedAtMs: now - 200 } })).toEqual([])
})

test('a silent base is asked every five seconds', () => {
  const base: BaseFacts = { reach: { state: 'silent', sinceMs: now - 60_000, why: '' } }
  expect(asked({ base, memo: askedAgo(5_000) })).toEqual(['health'])
  expect(asked({ base, memo: askedAgo(4_900) })).toEqual([])
})

describe('while something changes', () => {
  test('an answer is looked after at once', () => {
    expect(asked({ base: doubt(now - 1), memo: askedAt(now, now - 50) })).toEqual(['queryAllBiz'])
  })

  test('several that come together, once', () => {
    expect(asked({ base: doubt(now - 1), memo: askedAt(now, now - 49) })).toEqual([])
  })

  test('and again: quickly at first, then every two seconds', () => {
    const lookedAgain = (raisedAgoMs: number, askedAgoMs: number) =>
      asked({ base: doubt(now - raisedAgoMs), memo: askedAt(now, now - askedAgoMs) })
    expect(lookedAgain(250, 199)).toEqual([])
    expect(lookedAgain(250, 200)).toEqual(['queryAllBiz'])
    expect(lookedAgain(2_000, 999)).toEqual([])
    expect(lookedAgain(2_000, 1_000)).toEqual(['queryAllBiz'])
    expect(lookedAgain(60_000, 2_000)).toEqual(['queryAllBiz'])
  })

  test('a base that does not keep up is not flooded', () => {
    const base = { ...doubt(now - 3_000), ...life({ askedSinceMs: now - 2_500 }) }
    expect(asked({ base, memo: askedAt(now, now - 1_600) })).toEqual([])
    expect(asked({ base, memo: askedAt(now, now - 2_000) })).toEqual(['queryAllBiz'])
  })

  test('a command’s answer may be lost: it is looked for a second later, then ever more rarely, up to every five', () => {
    const base = (agoMs: number) => ({ flights: [aFlight({ sentAtMs: now - agoMs })] })
    expect(asked({ base: base(999), memo: askedAt(now, now - 30_000) })).toEqual([])
    expect(asked({ base: base(1_000), memo: askedAt(now, now - 30_000) })).toEqual(['queryAllBiz'])
    expect(asked({ base: base(4_000), memo: askedAt(now, now - 1_999) })).toEqual([])
    expect(asked({ base: base(4_000), memo: askedAt(now, now - 2_000) })).toEqual(['queryAllBiz'])
    expect(asked({ base: base(60_000), memo: askedAt(now, now - 5_000) })).toEqual(['queryAllBiz'])
  })

  test('a hung command keeps no base under fire', () => {
    const base = { flights: [aFlight({ sentAtMs: now - 400_000, overdue: true })] }
    expect(asked({ base, memo: askedAt(now, now - 14_999) })).toEqual([])
    expect(asked({ base, memo: askedAt(now, now - 15_000) })).toEqual(['queryAllBiz'])
  })

  test.each<[string, BaseFacts, number]>([
    ['a module that is being installed', { bizs: [aBiz('biz1', '0.0.1', 'resolved')] }, 2_000],
    [
      'a module that nobody claims',
      { unclaimed: new Map([bizKey('biz1', '0.0.1')].map(key => [key, { sinceMs: now, snapshots: 1 }])) },
      10_000,
    ],
    ['a base in its first minute', { firstHeardAtMs: now - 30_000 }, 5_000],
    ['a JVM in its first minute', { restartedAtMs: now - 30_000 }, 5_000],
    ['a base not looked at yet', { lacking: ['snapshot'] }, 2_000],
  ])('%s is watched', (_what, base, everyMs) => {
    expect(asked({ base, memo: askedAt(now, now - everyMs + 1) })).toEqual([])
    expect(asked({ base, memo: askedAt(now, now - everyMs) })).toEqual(['queryAllBiz'])
  })
})

describe('over a new connection', () => {
  const link = { connected: true, epoch: 2, sinceMs: now, why: '' }
  const before = askedAgo(1)

  test('every base is asked everything again, though it was asked a moment ago', () => {
    expect(asked({ link, memo: before, slot: 0 })).toEqual(['health', 'queryAllBiz'])
  })

  test('spread over a second or so where there are many', () => {
    const many = { link, memo: before, census: { known: 1_000, missing: 0 } }
    expect(decide({ ...many, slot: 0.5 })).toMatchObject({ wakeAfterMs: 1_000 })
    expect(asked({ ...many, slot: 0.5, nowMs: now + 1_000 })).toHaveLength(2)
    expect(decide({ ...many, census: { known: 100_000, missing: 0 }, slot: 0.5 })).toMatchObject({ wakeAfterMs: 1_000 })
  })

  test('a base met over it is asked at once', () => {
    const base: BaseFacts = { firstHeardAtMs: now, reach: { state: 'unproven', sinceMs: now, why: '' } }
    expect(asked({ base, link, memo: { askedAtMs: {} }, census: { known: 1_000, missing: 0 } })).toHaveLength(2)
  })

  test('while it is down nobody is asked', () => {
    expect(decide({ link: { ...link, connected: false }, memo: { askedAtMs: {} } })).toEqual({})
  })
})

describe('a dead base', () => {
  const dead = (agoMs: number, facts: BaseFacts = {}): BaseFacts => ({
    reach: { state: 'dead', sinceMs: now - agoMs, why: '' },
    ...life({ heardAtMs: now - agoMs - 200_000 }),
    ...facts,
  })

  test('is asked ever more rarely, since one that lives may never beat again', () => {
    const every = (agoMs: number, everyMs: number): void => {
      expect(asked({ base: dead(agoMs), memo: askedAgo(everyMs - 1) })).toEqual([])
      expect(asked({ base: dead(agoMs), memo: askedAgo(everyMs) })).toEqual(['health'])
    }
    every(20_000, 10_000)
    every(100_000, 20_000)
    every(10 * 60_000, 120_000)
    every(2 * HOUR_MS, 15 * 60_000)
  })

  test('that speaks is asked at once whether it lives', () => {
    expect(asked({ base: dead(HOUR_MS, life({ heardAtMs: now })), memo: askedAgo(1_000) })).toEqual(['health'])
  })
})
