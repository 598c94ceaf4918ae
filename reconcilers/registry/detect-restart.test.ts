import { describe, expect, test } from 'vitest'
import { bizKey, type Observation } from '../../mqtt-bridge/index.ts'
import { aBase, aBiz, aClaim, aContext, aFlight, anAttempt, anObservation, aProvenance, BUILT_AT_MS } from './a-base.ts'
import type { BaseRecord } from './base-record.ts'
import { applyNote } from './notes.ts'
import { observe } from './observe.ts'
import type { Observed } from './observed.ts'

/** Things said one after the other: how long after `BUILT_AT_MS` they were published, and arrived. */
function hear(record: BaseRecord, ...said: readonly (readonly [number, Observation])[]): Observed {
  let last: Observed = { record, changes: [], ended: [] }
  for (const [afterMs, observation] of said) {
    last = observe(last.record, observation, aContext({ nowMs: BUILT_AT_MS + afterMs })) ?? last
  }
  return last
}

const baseline = (afterMs: number): readonly [number, Observation] => [
  afterMs,
  anObservation('queryBaseline', { publishedAtMs: BUILT_AT_MS + afterMs }),
]
const heart = (afterMs: number): readonly [number, Observation] => [
  afterMs,
  anObservation('heart', { publishedAtMs: BUILT_AT_MS + afterMs }),
]
const health = (afterMs: number, runTimeMs: number): readonly [number, Observation] => [
  afterMs,
  anObservation('health', { publishedAtMs: BUILT_AT_MS + afterMs, health: { runTimeMs } }),
]

const busy = aBase({
  bizs: [aBiz()],
  flights: [aFlight({ name: 'biz2' })],
  doubts: new Map([[bizKey('biz1', '0.0.1'), { sincePublishedAtMs: BUILT_AT_MS, raisedAtMs: BUILT_AT_MS }]]),
  provenance: { 'biz1:0.0.1': aProvenance() },
  attempts: { [aClaim('pod-2')]: anAttempt({ failures: 3 }) },
  foreign: new Set([bizKey('static', '1')]),
})

describe('a base that announces itself anew', () => {
  const { record, changes, ended } = hear(busy, baseline(5_000))

  test('has restarted: nothing that ran, flew or was doubted before holds', () => {
    expect(record).toMatchObject({ restarts: 1, restartedAtMs: BUILT_AT_MS + 5_000 })
    for (const field of ['bizs', 'flights', 'doubts', 'provenance', 'unclaimed'] as const) {
      expect(record[field].size).toBe(0)
    }
    expect(record.snapshot).toBeUndefined()
    expect(changes).toEqual(['seen', 'restarted', 'bizs'])
  })

  test('remembers when what it ended had come up', () => {
    expect([...(record.endedByRestart ?? [])]).toEqual([['biz1:0.0.1', aBiz().changedAtMs]])
  })

  test('took the running commands with it', () => {
    expect(ended).toMatchObject([{ key: 'biz2:0.0.1', outcome: 'lost' }])
  })

  test('keeps its foreign modules, and the failures of claims: a broken jar stays the loser', () => {
    expect(record.foreign).toEqual(new Set(['static:1']))
    expect(record.attempts.get(aClaim('pod-2'))).toEqual(anAttempt({ failures: 3 }))
  })

  test('owes no answer to what its predecessor was asked', () => {
    const asked = { ...busy, life: { ...busy.life, askedSinceMs: BUILT_AT_MS } }
    expect(hear(asked, baseline(5_000)).record.life).not.toHaveProperty('askedSinceMs')
  })

  test('is believed again by the next snapshot, and by none that its predecessor sent', () => {
    const old = anObservation('snapshot', { publishedAtMs: BUILT_AT_MS + 4_999, bizs: [aBiz()] })
    const afterOld = hear(record, [5_001, old]).record
    expect([afterOld.snapshot, afterOld.bizs.size]).toEqual([undefined, 0])
    const next = anObservation('snapshot', { publishedAtMs: BUILT_AT_MS + 5_100, bizs: [] })
    expect(hear(record, [5_101, next]).record.snapshot).toMatchObject({ publishedAtMs: BUILT_AT_MS + 5_100 })
  })

  test('is not answered for by its predecessor', () => {
    const flying = hear(busy, baseline(5_000)).record
    const late = anObservation('answer', { publishedAtMs: BUILT_AT_MS + 4_000 })
    expect(hear(flying, [5_002, late]).record.bizs.size).toBe(0)
  })
})

describe('a queryBaseline that is no restart', () => {
  test('delivered twice', () => {
    expect(hear(aBase(), baseline(5_000), baseline(5_000)).record.restarts).toBe(1)
  })

  test('of a base that it made known', () => {
    const first = observe(undefined, anObservation('queryBaseline'), aContext())
    expect(first?.record.restarts).toBe(0)
  })

  test('overtaken by the first heart of its own process', () => {
    const known = hear(aBase(), baseline(5_000)).record
    const [, heartAfter] = heart(9_150)
    const [, baselineBefore] = baseline(9_000)
    expect(hear(known, [9_160, heartAfter], [9_161, baselineBefore]).record.restarts).toBe(1)
  })

  test('of a process that its health had already told of', () => {
    const { record, changes } = hear(aBase(), health(20_000, 3_000), baseline(21_000))
    // It may be the next process all the same, and waits for its answer.
    expect(changes).toContain('described')
    expect(record.restarts).toBe(1)
  })
})

describe('run time', () => {
  test('that goes back is a restart, though its queryBaseline was lost', () => {
    const { record, changes } = hear(busy, health(10_000, 4_000))
    expect(record).toMatchObject({ restarts: 1, health: { runTimeMs: 4_000 } })
    expect(record.bizs.size).toBe(0)
    expect(changes).toContain('restarted')
  })

  test('that goes on is none', () => {
    expect(hear(busy, health(10_000, 70_000), health(20_000, 80_000)).record.restarts).toBe(0)
  })

  test('that falls behind our clock is none: a suspended machine lost no module', () => {
    expect(hear(busy, health(3_600_000, 70_000)).record.restarts).toBe(0)
  })

  test('out of order is none', () => {
    expect(hear(busy, health(10_000, 70_000), health(9_900, 69_900)).record.restarts).toBe(0)
  })

  test('that counts from a restart already known is none', () => {
    expect(hear(busy, baseline(5_000), health(6_000, 4_500), health(16_000, 14_500)).record.restarts).toBe(1)
  })

  test('in a crash loop counts each process once', () => {
    const crashes = hear(
      busy,
      baseline(20_000),
      health(22_000, 5_000),
      baseline(40_000),
      health(43_000, 6_000),
      baseline(60_000),
    )
    expect(crashes.record.restarts).toBe(3)
  })
})

test('a snapshot without its modules is no restart on its own', () => {
  const empty = anObservation('snapshot', { bizs: [] })
  expect(hear(busy, [100, empty]).record.restarts).toBe(0)
})

test('a restart of a base that was taken up from its Node counts', () => {
  const adopted = aBase({ lastPublishedAtMs: {}, lacking: ['snapshot', 'process', 'health'] })
  expect(hear(adopted, baseline(1_000)).record.restarts).toBe(1)
})

test('a base that comes back on a host whose clock is behind has restarted all the same', () => {
  const asked = (known: BaseRecord, afterMs: number): BaseRecord =>
    applyNote(known, { kind: 'asked', atMs: BUILT_AT_MS + afterMs, isLook: true }).record
  const at = (afterMs: number) => ({ publishedAtMs: BUILT_AT_MS - 600_000 + afterMs })
  const young = (afterMs: number) => anObservation('health', { ...at(afterMs), health: { runTimeMs: afterMs } })
  const first = hear(busy, [5_000, anObservation('queryBaseline', at(5_000))])
  expect(first.changes).toContain('described')
  const told = hear(asked(first.record, 5_050), [5_060, young(5_060)]).record
  expect(told.restarts).toBe(0)
  const again = hear(asked(told, 6_100), [6_110, young(6_110)]).record
  expect([again.restarts, again.bizs.size, again.flights.size]).toEqual([1, 0, 0])
  const look = anObservation('snapshot', { ...at(6_120), bizs: [aBiz('biz9')] })
  const { record } = hear(again, [6_120, look])
  expect([...record.bizs.keys()]).toEqual(['biz9:0.0.1'])
})
