import { describe, expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { aBiz, aFlight, anAttempt, aProvenance, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import { type Given, keys, noteOf, reasonsOf, tunnelFacts } from './a-tunnel.ts'
import type { Watched } from './facts.ts'
import { decideForeign, isClean, rememberCommands } from './foreign.ts'

const now = BUILT_AT_MS
const decide = (given: Given) => decideForeign(tunnelFacts(given))
const foreignOf = (given: Given) => noteOf(decide(given), 'foreign')?.keys
const watched = (...texts: string[]): { watched: Watched } => ({
  watched: { snapshots: 2, restarts: 0, keys: keys(...texts) },
})
const since = (atMs: number, ...texts: string[]) => new Map([...keys(...texts)].map(key => [key, atMs] as const))
const firstContact: BaseFacts = { lacking: ['foreign'], bizs: [aBiz('shipped', '1'), aBiz('biz1', '0.0.1')] }

describe('at first contact', () => {
  test('what runs without a claim is foreign, and an Event tells', () => {
    expect(foreignOf({ base: firstContact, claims: ['biz1:0.0.1'] })).toEqual(keys('shipped:1'))
    expect(reasonsOf(decide({ base: firstContact, claims: ['biz1:0.0.1'] }))).toEqual(['ForeignModule'])
  })

  test('a base that runs nothing has a record of no foreign modules', () => {
    expect(foreignOf({ base: { lacking: ['foreign'] } })).toEqual(new Set())
  })

  test('nothing is settled before the cache of Pods is complete', () => {
    expect(decide({ base: firstContact, claims: undefined })).toEqual({})
  })

  test.each<[string, BaseFacts]>([
    ['there is no snapshot', { lacking: ['snapshot', 'foreign'] }],
    ['the base is not heard', { reach: { state: 'unproven', sinceMs: now, why: '' } }],
    ['two processes share the identity', { noCommands: { reason: 'DuplicateIdentity', sinceMs: now, message: '' } }],
  ])('nothing is settled while %s', (_what, facts) => {
    expect(decide({ base: { ...firstContact, ...facts } })).toEqual({})
  })

  test.each<[string, BaseFacts]>([
    ['a command for it is under way', { flights: [aFlight()] }],
    ['a command for another version of it is', { flights: [aFlight({ version: '2' })] }],
    [
      'an answer about it is to be looked after',
      { doubts: new Map([[bizKey('biz1', '0.0.1'), { sincePublishedAtMs: 1, raisedAtMs: 1 }]]) },
    ],
    ['it is being installed', { bizs: [aBiz('shipped', '1'), aBiz('biz1', '0.0.1', 'resolved')] }],
  ])('a biz is left for a later look while %s; the others need not wait', (_what, facts) => {
    const { notes = [], memo } = decide({ base: { ...firstContact, ...facts } })
    expect(notes).toEqual([{ kind: 'foreign', keys: keys('shipped:1') }])
    expect(memo?.watched?.keys).toEqual(keys('shipped:1'))
  })

  test('a hung command, past its deadline, does not hold it up for ever', () => {
    expect(isClean(tunnelFacts({ base: { flights: [aFlight({ overdue: true })] } }).record)).toBe(true)
  })
})

describe('later', () => {
  const shipped = { bizs: [aBiz('shipped', '1')] }

  test('what appears without our command and without a claim is foreign: static modules come after an empty snapshot', () => {
    expect(foreignOf({ base: shipped, memo: watched() })).toEqual(keys('shipped:1'))
  })

  test('what was there at the last look is not', () => {
    expect(foreignOf({ base: shipped, memo: watched('shipped:1') })).toBeUndefined()
  })

  test.each<[string, Given]>([
    ['a Pod claims it', { claims: ['shipped:1'] }],
    ['we sent the command', { memo: { ...watched(), commanded: since(now, 'shipped:1') } }],
    ['we know from which claim it came', { base: { ...shipped, provenance: { 'shipped:1': aProvenance() } } }],
    [
      'it came in by a jar that names itself otherwise',
      {
        base: {
          ...shipped,
          attempts: {
            'pod-1/biz1': anAttempt({
              broughtIn: bizKey('shipped', '1'),
            }),
          },
        },
      },
    ],
  ])('nor is what appears when %s', (_what, given) => {
    expect(foreignOf({ base: shipped, memo: watched(), ...given })).toBeUndefined()
  })

  test('the same look is not taken twice', () => {
    const seen = { watched: { snapshots: 3, restarts: 0, keys: keys() } }
    expect(decide({ base: shipped, memo: seen })).toEqual({})
  })

  test('after a restart of the JVM whatever comes up by itself is foreign', () => {
    const memo = watched('shipped:1')
    expect(foreignOf({ base: { ...shipped, restarts: 1 }, memo })).toEqual(keys('shipped:1'))
  })

  test('foreign modules stay foreign while they are away, and when a Pod adopts them', () => {
    const foreign = keys('shipped:1')
    expect(foreignOf({ base: { foreign }, memo: watched() })).toBeUndefined()
    expect(foreignOf({ base: { ...shipped, foreign }, memo: watched(), claims: ['shipped:1'] })).toBeUndefined()
  })

  test('one that our jar brought in under another name, and that was seen before the answer told, is ours', () => {
    const attempts = { 'pod-1/biz1': anAttempt({ broughtIn: bizKey('shipped', '1') }) }
    expect(foreignOf({ base: { ...shipped, foreign: keys('shipped:1'), attempts }, memo: watched() })).toEqual(
      new Set(),
    )
  })

  test('one that comes while a command for another is not answered is foreign without delay: we may end meanwhile', () => {
    const flights = [aFlight({ name: 'lost' })]
    expect(foreignOf({ base: { ...shipped, flights }, memo: watched() })).toEqual(keys('shipped:1'))
  })

  test('one that a Pod has installed anew is that Pod’s', () => {
    const base = { ...shipped, foreign: keys('shipped:1'), provenance: { 'shipped:1': aProvenance({ tookMs: 400 }) } }
    expect(foreignOf({ base, memo: watched() })).toEqual(new Set())
  })
})

describe('after a restart of ours', () => {
  const came = (agoMs: number) => ({ ...aBiz('left', '1'), changedAtMs: now - agoMs })
  const found: BaseFacts = { bizs: [came(3_600_500)], servedUntilMs: now - 3_600_000 }
  const health = (runTimeMs: number) => ({ health: { runTimeMs }, healthAtMs: now })

  test('an unclaimed module of a base that we have a record of is ours', () => {
    expect(foreignOf({ base: { ...found, ...health(7_200_000) } })).toBeUndefined()
  })

  test('unless it came after the last look that our predecessor told of', () => {
    const late = { ...found, ...health(7_200_000), bizs: [came(3_590_000)] }
    expect(foreignOf({ base: late })).toEqual(keys('left:1'))
    expect(foreignOf({ base: late, claims: ['left:1'] })).toBeUndefined()
  })

  test('a former version of what a Pod asks for is ours, however late it was switched off', () => {
    const base = { ...found, ...health(7_200_000), bizs: [came(3_590_000)] }
    expect(foreignOf({ base, claims: ['left:2'] })).toBeUndefined()
    const off = { ...came(3_590_000), state: 'deactivated' as const }
    expect(foreignOf({ base: { ...base, bizs: [off] } })).toBeUndefined()
  })

  test('unless its JVM began when nobody served it: then nothing in it is ours', () => {
    expect(foreignOf({ base: { ...found, ...health(60_000) } })).toEqual(keys('left:1'))
  })

  test('unless it came up unseen with a young JVM, as what a base is shipped with does', () => {
    const snapshot = { publishedAtMs: now - 50_000, receivedAtMs: now, count: 1 }
    const shipped = (cameAtMs: number, servedUntilMs: number) =>
      foreignOf({
        base: {
          bizs: [{ ...aBiz('left', '1'), changedAtMs: cameAtMs - 50_000 }],
          snapshot,
          servedUntilMs,
          ...health(70_000),
        },
      })
    expect(shipped(now - 60_000, now - 61_000)).toEqual(keys('left:1'))
    expect(shipped(now - 60_000, now - 40_000)).toBeUndefined()
    expect(shipped(now - 5_000, now - 6_000)).toBeUndefined()
  })

  test('a base that tells no times: what is there may have come unseen if its JVM was young when last served', () => {
    const { changedAtMs: _untold, ...bare } = aBiz('left', '1')
    const servedUntilMs = now - 40_000
    const left = (runTimeMs: number) => foreignOf({ base: { bizs: [bare], servedUntilMs, ...health(runTimeMs) } })
    expect(left(70_000)).toEqual(keys('left:1'))
    expect(left(7_200_000)).toBeUndefined()
  })

  test('which its first health answer tells: that is waited for, yet not for ever', () => {
    const reach = (agoMs: number) => ({ reach: { state: 'heard' as const, sinceMs: now - agoMs, why: '' } })
    expect(decide({ base: { ...found, ...reach(100), lacking: ['health'] } })).toEqual({})
    expect(decide({ base: { ...found, ...reach(10_000), lacking: ['health'] } })).toHaveProperty('memo')
  })
})

describe('FOREIGN_MODULES=uninstall', () => {
  const { settings } = tunnelFacts()
  const likeThePeer = { settings: { ...settings, foreignModules: 'uninstall' as const } }

  test('knows no foreign modules', () => {
    expect(foreignOf({ base: firstContact, ...likeThePeer })).toEqual(new Set())
    expect(foreignOf({ base: { bizs: [aBiz()], foreign: keys('biz1:0.0.1') }, ...likeThePeer })).toEqual(new Set())
  })
})

describe('our own installs are remembered', () => {
  test('and not those of which a conflict told us', () => {
    const { claim: _ours, ...theirs } = aFlight()
    expect(rememberCommands(tunnelFacts({ base: { flights: [theirs] } }))).toEqual({})
  })

  test('from the command on, for as long as they may still show', () => {
    const { memo } = rememberCommands(tunnelFacts({ base: { flights: [aFlight()] } }))
    expect(memo?.commanded).toEqual(since(now, 'biz1:0.0.1'))
    const lastShown = (ms: number, base: BaseFacts = {}) =>
      decide({ base, memo: { ...watched(), commanded: since(now - ms, 'biz1:0.0.1') } }).memo?.commanded
    expect(lastShown(400_000, { bizs: [aBiz()] })).toEqual(since(now, 'biz1:0.0.1'))
    // The command may come a second time.
    expect(lastShown(60_000)).toEqual(since(now - 60_000, 'biz1:0.0.1'))
    expect(lastShown(300_000)).toEqual(new Map())
  })
})

test('a base that lists thousands of modules does not fill its Lease', () => {
  const bizs = Array.from({ length: 5_000 }, (_, index) => aBiz(`m${index}`, '1'))
  expect(foreignOf({ base: { bizs, lacking: ['foreign'] } })?.size).toBe(500)
})
