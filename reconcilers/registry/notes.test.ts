import { describe, expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { aBase, aBiz, aClaim, aFlight, anAttempt, aProvenance, BUILT_AT_MS } from './a-base.ts'
import { applyNote } from './notes.ts'

const KEY = bizKey('biz1', '0.0.1')

describe('asked', () => {
  test('the oldest open question stands, the newest is known too', () => {
    const once = applyNote(aBase(), { kind: 'asked', atMs: 100 })
    const twice = applyNote(once.record, { kind: 'asked', atMs: 200 })
    expect(twice.record.life).toMatchObject({ askedSinceMs: 100, askedAtMs: 200 })
    expect(twice.changes).toEqual([])
  })
})

describe('commanded', () => {
  test('the flight is recorded with what stood before it', () => {
    const { record, changes } = applyNote(aBase({ bizs: [aBiz()] }), { kind: 'commanded', key: KEY, flight: aFlight() })
    expect(record.flights.get(KEY)).toEqual({
      ...aFlight(),
      before: { state: 'activated', changedAtMs: BUILT_AT_MS - 1_000 },
      sentAfterPublishedAtMs: BUILT_AT_MS,
    })
    expect(changes).toEqual(['commanded'])
  })

  test('where nothing stood, nothing is noted', () => {
    const { record } = applyNote(aBase(), { kind: 'commanded', key: KEY, flight: aFlight() })
    expect(record.flights.get(KEY)).not.toHaveProperty('before')
  })
})

test('a command that was never sent is no flight', () => {
  const { record, changes } = applyNote(aBase({ flights: [aFlight()] }), { kind: 'unsent', key: KEY })
  expect(record.flights.size).toBe(0)
  expect(changes).toEqual(['bizs'])
  expect(applyNote(aBase(), { kind: 'unsent', key: KEY }).changes).toEqual([])
})

describe('overdue', () => {
  const overdue = { kind: 'overdue', key: KEY, atMs: BUILT_AT_MS + 300_000 } as const

  test('the flight goes on counting, and its biz is in doubt since the last that the base said', () => {
    const { record, changes } = applyNote(aBase({ flights: [aFlight()] }), overdue)
    expect(record.flights.get(KEY)?.overdue).toBe(true)
    expect(record.doubts.get(KEY)).toEqual({ sincePublishedAtMs: BUILT_AT_MS, raisedAtMs: BUILT_AT_MS + 300_000 })
    expect(changes).toEqual(['bizs'])
  })

  test('is told once', () => {
    const late = applyNote(aBase({ flights: [aFlight()] }), overdue).record
    expect(applyNote(late, overdue)).toEqual({ record: late, changes: [], ended: [] })
    expect(applyNote(aBase(), overdue).changes).toEqual([])
  })
})

describe('reach', () => {
  const silent = { state: 'silent', sinceMs: 5, why: 'not heard for 25 s' } as const

  test('a new state is told', () => {
    const { record, changes } = applyNote(aBase(), { kind: 'reach', reach: silent })
    expect(record.reach).toEqual(silent)
    expect(changes).toEqual(['reach'])
  })

  test('other words for the same state wake nobody', () => {
    const before = aBase({ reach: silent })
    expect(applyNote(before, { kind: 'reach', reach: { ...silent, why: 'not heard for 26 s' } }).changes).toEqual([])
  })

  test('being held, for so many fell silent, is told', () => {
    const before = aBase({ reach: silent })
    expect(applyNote(before, { kind: 'reach', reach: { ...silent, held: true } }).changes).toEqual(['reach'])
  })
})

test('no-commands begins, goes on unnoticed, and ends', () => {
  const deaf = { reason: 'BaseDeaf', sinceMs: 1, message: 'a' } as const
  const begun = applyNote(aBase(), { kind: 'noCommands', noCommands: deaf })
  expect([begun.record.noCommands, begun.changes]).toEqual([deaf, ['reach']])
  const same = applyNote(begun.record, { kind: 'noCommands', noCommands: { ...deaf, message: 'b' } })
  expect(same.changes).toEqual([])
  const over = applyNote(begun.record, { kind: 'noCommands', noCommands: undefined })
  expect(over.record).not.toHaveProperty('noCommands')
  expect(over.changes).toEqual(['reach'])
})

test('an attempt is set and cleared', () => {
  const set = applyNote(aBase(), { kind: 'attempt', claim: aClaim(), attempt: anAttempt() })
  expect(set.record.attempts.get(aClaim())).toEqual(anAttempt())
  const cleared = applyNote(set.record, { kind: 'attempt', claim: aClaim(), attempt: undefined })
  expect(cleared.record.attempts.size).toBe(0)
  expect([set.changes, cleared.changes]).toEqual([['bizs'], ['bizs']])
})

test('foreign modules, origins and unclaimed ones are taken as told', () => {
  const foreign = applyNote(aBase({ lacking: ['foreign'] }), { kind: 'foreign', keys: new Set([KEY]) })
  expect([foreign.record.foreign, foreign.changes]).toEqual([new Set([KEY]), ['foreign']])
  const origin = applyNote(aBase(), { kind: 'provenance', key: KEY, provenance: aProvenance() })
  expect([origin.record.provenance.get(KEY), origin.changes]).toEqual([aProvenance(), ['bizs']])
  const unclaimed = new Map([[KEY, { sinceMs: 1, snapshots: 1 }]])
  expect(applyNote(aBase(), { kind: 'unclaimed', unclaimed })).toMatchObject({ record: { unclaimed }, changes: [] })
})

test("the base's own Pod is found, or given up", () => {
  const basePod = { namespace: 'ns', name: 'p', uid: 'u' }
  const open = aBase({ basePodSettled: false })
  expect(applyNote(open, { kind: 'basePod', basePod }).record).toMatchObject({ basePod, basePodSettled: true })
  const givenUp = applyNote(open, { kind: 'basePod', basePod: undefined }).record
  expect(givenUp.basePodSettled).toBe(true)
  expect(givenUp).not.toHaveProperty('basePod')
})

test('claims that are no more are forgotten', () => {
  const recoveries = new Map([[aClaim(), { url: 'u', failures: 1, atMs: 1 }]])
  const record = aBase({ attempts: { [aClaim()]: anAttempt(), [aClaim('pod-2')]: anAttempt() }, recoveries })
  const { record: after } = applyNote(record, { kind: 'forgetClaims', claims: [aClaim(), aClaim('never')] })
  expect([...after.attempts.keys()]).toEqual([aClaim('pod-2')])
  expect(after.recoveries?.size).toBe(0)
  expect(applyNote(after, { kind: 'forgetClaims', claims: [aClaim()] }).record).toBe(after)
})
