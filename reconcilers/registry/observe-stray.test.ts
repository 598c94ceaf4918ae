import { describe, expect, test } from 'vitest'
import { type BizReport, bizKey, type Observation } from '../../mqtt-bridge/index.ts'
import { wakesOfChange } from '../wake.ts'
import { aBase, aBiz, aContext, aFlight, anObservation, aProvenance, BUILT_AT_MS } from './a-base.ts'
import type { BaseRecord } from './base-record.ts'
import { applyNote } from './notes.ts'
import { observe } from './observe.ts'

const KEY = bizKey('biz1', '0.0.1')
const HOUR_MS = 3_600_000
/** By the base's clock, after it was set back by an hour. */
const BACK_MS = BUILT_AT_MS - HOUR_MS

const asked = (record: BaseRecord, afterMs: number): BaseRecord =>
  applyNote(record, { kind: 'asked', atMs: BUILT_AT_MS + afterMs, isLook: true }).record
const heard = (record: BaseRecord, afterMs: number, observation: Observation): BaseRecord =>
  observe(record, observation, aContext({ nowMs: BUILT_AT_MS + afterMs }))?.record ?? record
const look = (publishedAtMs: number, ...bizs: readonly BizReport[]): Observation =>
  anObservation('snapshot', { publishedAtMs, bizs })
const names = ({ bizs }: BaseRecord): readonly string[] => [...bizs.keys()]
const isAskedAnew = (record: BaseRecord): boolean => wakesOfChange('seen', record, () => []).baseTunnel.length > 0

/** Runs a module of ours, and was asked and has answered a while ago. */
const running = heard(
  asked(aBase({ bizs: [aBiz()], provenance: { [KEY]: aProvenance() } }), 0),
  10,
  look(BUILT_AT_MS + 10, aBiz()),
)

test('a look that was asked for is believed, and calls for no other', () => {
  expect([names(running), isAskedAnew(running)]).toEqual([[KEY], false])
})

describe('a look that nobody asked for', () => {
  test.each([
    ['of now', BUILT_AT_MS + 1_000],
    ['of time zero', 0],
    ['of the future', BUILT_AT_MS + 100 * HOUR_MS],
  ])('%s changes nothing, and the base is asked', (_, publishedAtMs) => {
    const record = heard(running, 1_000, look(publishedAtMs))
    expect([names(record), record.restarts, record.snapshot]).toEqual([[KEY], 0, running.snapshot])
    expect(isAskedAnew(record)).toBe(true)
    const answered = heard(asked(record, 1_050), 1_060, look(BUILT_AT_MS + 1_060, aBiz('biz2')))
    expect([names(answered), isAskedAnew(answered)]).toEqual([['biz2:0.0.1'], false])
  })

  test('is believed by one that asks nothing: another replica has asked', () => {
    expect(names(heard(running, 600_000, look(BUILT_AT_MS + 600_000)))).toEqual([])
    expect(names(heard(aBase({ bizs: [aBiz()] }), 10, look(BUILT_AT_MS + 10)))).toEqual([])
  })
})

describe('one answer of time zero', () => {
  const open = asked(running, 1_000)

  test.each<[string, Observation]>([
    ['a look', look(0)],
    ['a health', anObservation('health', { publishedAtMs: 0, health: { runTimeMs: 5 } })],
    ['a batch', anObservation('batchAnswer', { publishedAtMs: 0 })],
    ['an install of somebody', anObservation('answer', { publishedAtMs: 0, outcome: { kind: 'uninstalled' } })],
    ['a queryBaseline', anObservation('queryBaseline', { publishedAtMs: 0 })],
    ['a heart', anObservation('heart', { publishedAtMs: 0 })],
  ])('(%s) changes nothing that is known, and the base is asked', (_, observation) => {
    const record = heard(open, 1_001, observation)
    expect([names(record), record.restarts, record.doubts.size]).toEqual([[KEY], 0, 0])
    expect(isAskedAnew(record)).toBe(true)
    const next = heard(asked(record, 2_100), 2_110, look(BUILT_AT_MS + 2_110, aBiz('biz2')))
    expect(names(next)).toEqual(['biz2:0.0.1'])
    expect(next.strayed).toBeUndefined()
  })

  test('again and again is one answer', () => {
    const record = [1_001, 2_001, 3_001].reduce((known, at) => heard(asked(known, at - 1), at, look(0)), open)
    expect(names(record)).toEqual([KEY])
  })

  test('and another, long after it by the clock of the base, are of no one clock', () => {
    const first = heard(open, 1_001, look(0))
    expect(names(heard(asked(first, 2_000), 2_001, look(500_000)))).toEqual([KEY])
  })
})

describe('a clock that was set back', () => {
  const first = heard(asked(running, 1_000), 1_010, look(BACK_MS + 1_010, aBiz('biz2')))

  test('is believed with the answer to a second question, and no doubt outlives the step', () => {
    expect(names(first)).toEqual([KEY])
    const doubts = new Map([[bizKey('biz9', '1'), { sincePublishedAtMs: BUILT_AT_MS, raisedAtMs: BUILT_AT_MS }]])
    const flights = new Map([[bizKey('biz3', '0.0.1'), aFlight({ name: 'biz3', sentAfterPublishedAtMs: BUILT_AT_MS })]])
    const second = heard(
      asked({ ...first, doubts, flights }, 2_000),
      2_010,
      look(BACK_MS + 2_010, aBiz('biz2'), aBiz('biz3')),
    )
    expect([[...names(second)].sort(), second.doubts.size]).toEqual([['biz2:0.0.1', 'biz3:0.0.1'], 0])
    expect(second.flights.values().next().value?.sentAfterPublishedAtMs).toBeLessThan(BACK_MS + 2_010)
    expect(names(heard(asked(second, 3_000), 3_010, look(BACK_MS + 3_010, aBiz('biz4'))))).toEqual(['biz4:0.0.1'])
  })

  test('is not believed by two answers to one question', () => {
    const open = { ...first, life: { ...first.life, askedSinceMs: BUILT_AT_MS + 1_000, openLooks: 1 } }
    expect(names(heard(open, 1_020, look(BACK_MS + 1_020)))).toEqual([KEY])
  })

  test('is not believed where the base spoke by its former clock in between', () => {
    const between = heard(asked(first, 1_500), 1_510, look(BUILT_AT_MS + 1_510, aBiz()))
    expect(names(heard(asked(between, 2_000), 2_010, look(BACK_MS + 2_010)))).toEqual([KEY])
  })

  test('takes nothing from the answer to a command that is waited for', () => {
    const flying = applyNote(running, {
      kind: 'commanded',
      key: bizKey('biz2', '0.0.1'),
      flight: aFlight({ name: 'biz2' }),
    })
    const outcome = { kind: 'installed', bizs: [aBiz('biz2')] } as const
    const answer = anObservation('answer', { publishedAtMs: BACK_MS, name: 'biz2', outcome })
    const record = heard(flying.record, 500, answer)
    expect([names(record), record.flights.size]).toEqual([[KEY, 'biz2:0.0.1'], 0])
    const looks = [600, 700].reduce(
      (known, at) => heard(asked(known, at), at + 10, look(BACK_MS + at, aBiz(), aBiz('biz2'))),
      record,
    )
    expect([names(looks), looks.doubts.size]).toEqual([[KEY, 'biz2:0.0.1'], 0])
  })
})
