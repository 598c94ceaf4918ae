import { describe, expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { aBiz, aFlight, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { type Given, keys, noteOf, tunnelFacts } from './a-tunnel.ts'
import { decideSweep, decideUnclaimed } from './sweep.ts'

const now = BUILT_AT_MS
const biz: BaseFacts = { bizs: [aBiz()] }
const key = bizKey('biz1', '0.0.1')
const unclaimed = (agoMs: number, snapshots: number): { unclaimed: BaseRecord['unclaimed'] } => ({
  unclaimed: new Map([[key, { sinceMs: now - agoMs, snapshots }]]),
})
const watchedBefore = { watched: { snapshots: 2, restarts: 0, keys: keys('biz1:0.0.1') } }
const watchedNow = { watched: { snapshots: 3, restarts: 0, keys: keys('biz1:0.0.1') } }

describe('what nobody claims is counted', () => {
  const counted = (given: Given) =>
    noteOf(decideUnclaimed(tunnelFacts({ memo: watchedBefore, ...given })), 'unclaimed')?.unclaimed

  test('from its first clean snapshot on', () => {
    expect(counted({ base: biz })).toEqual(new Map([[key, { sinceMs: now, snapshots: 1 }]]))
  })

  test('and again in the next', () => {
    expect(counted({ base: { ...biz, ...unclaimed(9_000, 1) } })).toEqual(
      new Map([[key, { sinceMs: now - 9_000, snapshots: 2 }]]),
    )
  })

  test('but one snapshot counts once', () => {
    expect(counted({ base: { ...biz, ...unclaimed(9_000, 1) }, memo: watchedNow })).toBeUndefined()
  })

  test.each<[string, Given]>([
    ['a Pod claims it, also one being deleted', { base: biz, claims: ['biz1:0.0.1'] }],
    ['it is foreign', { base: { ...biz, foreign: keys('biz1:0.0.1') } }],
    ['the base has no record of foreign modules yet', { base: { ...biz, lacking: ['foreign'] } }],
    ['it is being installed', { base: { bizs: [aBiz('biz1', '0.0.1', 'resolved')] } }],
    ['a command runs', { base: { ...biz, flights: [aFlight()] } }],
    ['the cache of Pods is not complete', { base: biz, claims: undefined }],
    ['the base is not heard', { base: { ...biz, reach: { state: 'unproven', sinceMs: now, why: '' } } }],
  ])('and not while %s', (_what, given) => {
    expect(counted(given)).toBeUndefined()
  })

  test('a claim ends the count at once, without a new snapshot', () => {
    const given = { base: { ...biz, ...unclaimed(29_000, 2) }, memo: watchedNow, claims: ['biz1:0.0.1'] }
    expect(counted(given)).toEqual(new Map())
  })
})

describe('what nobody claims is uninstalled', () => {
  const sweep = (given: Given) => decideSweep(tunnelFacts(given))
  const due: BaseFacts = { ...biz, ...unclaimed(30_000, 2) }

  test('after two clean snapshots and 30 s', () => {
    expect(sweep({ base: due })).toMatchObject({
      notes: [{ kind: 'commanded', key, flight: { command: 'uninstallBiz', sentAtMs: now } }],
      commands: [{ kind: 'uninstallBiz', name: 'biz1', version: '0.0.1' }],
    })
    expect(sweep({ base: { ...biz, ...unclaimed(29_000, 2) } })).toMatchObject({ wakeAfterMs: 1_000 })
    expect(sweep({ base: { ...biz, ...unclaimed(60_000, 1) } })).not.toHaveProperty('commands')
  })

  const flights = ['a', 'b', 'c'].map(name => aFlight({ name }))
  test.each<[string, Given]>([
    ['the base is silent', { base: { ...due, reach: { state: 'silent', sinceMs: now, why: '' } } }],
    ['it is not proven to live', { base: { ...due, reach: { state: 'unproven', sinceMs: now, why: '' } } }],
    ['it is deaf', { base: { ...due, noCommands: { reason: 'BaseDeaf', sinceMs: now, message: '' } } }],
    [
      'two processes share its identity',
      { base: { ...due, noCommands: { reason: 'DuplicateIdentity', sinceMs: now, message: '' } } },
    ],
    ['a command for it runs', { base: { ...due, flights: [aFlight()] } }],
    ['the base has as many commands as it may', { base: { ...due, flights } }],
    [
      'it must be looked at anew',
      { base: { ...due, doubts: new Map([[key, { sincePublishedAtMs: 1, raisedAtMs: 1 }]]) } },
    ],
    ['our cache was not proven current since', { base: due, cacheFreshAtMs: now - 30_001 }],
    ['our connection is down', { base: due, link: { connected: false, epoch: 1, sinceMs: now, why: '' } }],
  ])('not while %s', (_what, given) => {
    expect(sweep(given)).not.toHaveProperty('commands')
  })

  test('again with backoff where the base refused', () => {
    const failure = { failures: 1, lastFailedAtMs: now, nextTryAtMs: now + 10_000, code: 'FAILED', message: '' }
    expect(sweep({ base: { ...due, uninstallFailures: new Map([[key, failure]]) } })).toMatchObject({
      wakeAfterMs: 10_000,
    })
  })

  test('one at a time', () => {
    const entry = { sinceMs: now - 30_000, snapshots: 2 }
    const two = new Map([key, bizKey('biz2', '1')].map(each => [each, entry]))
    expect(sweep({ base: { bizs: [aBiz(), aBiz('biz2', '1')], unclaimed: two } }).commands).toHaveLength(1)
  })
})
