import { describe, expect, test } from 'vitest'
import { aBase, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import type { BaseRecord, ReachState } from '../registry/base-record.ts'
import { type Given, noteOf, reasonsOf, tunnelFacts } from './a-tunnel.ts'
import { decideReach } from './silence.ts'

const now = BUILT_AT_MS
const HOUR_MS = 3_600_000
const life = (facts: Partial<BaseRecord['life']>): BaseFacts => ({ life: { ...aBase().life, ...facts } })
const at = (state: ReachState, sinceMs = now - 60_000): BaseFacts => ({ reach: { state, sinceMs, why: 'before' } })
const decide = (given: Given) => decideReach(tunnelFacts(given))
const verdict = (given: Given) => noteOf(decide(given), 'reach')?.reach

/** Not a sign of life for `ms`, though asked for all but the first 12 s of it. */
const quietFor = (ms: number, given: Given = {}): Given => ({
  nowMs: now + ms,
  memo: { askedSurelySinceMs: now + Math.min(12_000, ms), askedAtMs: { health: now + ms - 5_000 } },
  ...given,
})
/** Connected `ms` ago; the base not heard since, though asked from the first moment. */
const connectedFor = (ms: number, given: Given = {}): Given => ({
  nowMs: now + ms,
  link: { connected: true, epoch: 2, sinceMs: now + 1, why: 'connected' },
  memo: { askedSurelySinceMs: now + 2, askedAtMs: { health: now + ms - 5_000 } },
  ...given,
})
const someBases = { known: 100, missing: 10 }
const mostBases = { known: 100, missing: 56 }

describe('a base that goes silent', () => {
  test('is silent after 25 s, though asked, and an Event tells', () => {
    expect(verdict(quietFor(25_000))).toBeUndefined()
    expect(verdict(quietFor(25_001))).toMatchObject({ state: 'silent', sinceMs: now + 25_001 })
    expect(reasonsOf(decide(quietFor(25_001)))).toEqual(['BaseSilent'])
  })

  test('is not silent while nobody asked it', () => {
    expect(verdict(quietFor(60_000, { memo: {} }))).toBeUndefined()
  })

  test('is not silent while the question is young: its answer may be on its way', () => {
    const askedAt = (ms: number) => ({ memo: { askedSurelySinceMs: now + ms, askedAtMs: { health: now + ms } } })
    expect(verdict(quietFor(60_000, askedAt(55_001)))).toBeUndefined()
    expect(verdict(quietFor(60_000, askedAt(55_000)))).toMatchObject({ state: 'silent' })
  })

  test('is not silent by a question after which we stood still: its answer may wait to be read', () => {
    const askedBefore = (ms: number) => ({
      memo: { askedSurelySinceMs: now + 2_000, askedAtMs: { health: now + 60_000 - ms } },
    })
    expect(verdict(quietFor(60_000, askedBefore(10_001)))).toBeUndefined()
    expect(verdict(quietFor(60_000, askedBefore(10_000)))).toMatchObject({ state: 'silent' })
  })

  test('is not silent by a question that it has answered since', () => {
    expect(verdict(quietFor(60_000, { memo: { askedSurelySinceMs: now - 1 } }))).toBeUndefined()
  })

  test('is heard again by one answer', () => {
    expect(verdict({ base: at('silent') })).toMatchObject({ state: 'heard' })
    expect(reasonsOf(decide({ base: at('silent') }))).toEqual(['BaseHeard'])
  })

  test('is dead after 200 s, not before', () => {
    expect(verdict(quietFor(200_000, { base: at('silent') }))).toBeUndefined()
    expect(verdict(quietFor(200_001, { base: at('silent') }))).toMatchObject({ state: 'dead' })
    expect(decide(quietFor(200_001, { base: at('silent') }))).toMatchObject({ died: 'silent' })
  })

  test('cut off for 70 s is not taken for dead', () => {
    expect(verdict(quietFor(70_000, { base: at('silent') }))).toBeUndefined()
  })
})

describe('a base on which a Pod asks to be kept for longer', () => {
  const kept = { base: at('silent'), toleratedMs: () => HOUR_MS }

  test('is lost, not dead, and counts as a death for the rate', () => {
    const given = quietFor(200_001, kept)
    expect(verdict(given)).toMatchObject({ state: 'silent', lostSinceMs: now })
    expect(decide(given)).toMatchObject({ lost: true })
    expect(reasonsOf(decide(given))).toEqual([])
    expect(verdict(quietFor(200_001, { ...kept, lastDeathAtMs: now + 200_000 }))).toBeUndefined()
  })

  test('stays lost until that is over or no Pod asks any more, and is dead then', () => {
    const lost = { base: { reach: { state: 'silent', sinceMs: now, why: '', lostSinceMs: now } } } as const
    expect(decide(quietFor(300_000, { ...kept, ...lost }))).toMatchObject({ wakeAfterMs: HOUR_MS - 300_000 })
    expect(verdict(quietFor(300_000, { ...kept, ...lost }))).toBeUndefined()
    expect(verdict(quietFor(HOUR_MS, { ...kept, ...lost }))).toMatchObject({ state: 'dead' })
    expect(verdict(quietFor(300_000, lost))).toMatchObject({ state: 'dead' })
  })

  test('is heard again by one answer', () => {
    const reach = { state: 'silent', sinceMs: now - 1_000, why: '', lostSinceMs: now - HOUR_MS } as const
    expect(verdict({ base: { reach }, toleratedMs: () => HOUR_MS })).toEqual(
      expect.not.objectContaining({ lostSinceMs: expect.anything() }),
    )
  })
})

describe('deaths by silence come no faster than EVICTION_RATE', () => {
  const dead = (given: Given) => verdict(quietFor(200_001, { base: at('silent'), ...given }))

  test('0.1 bases a second by default', () => {
    expect(dead({ lastDeathAtMs: now + 200_001 - 9_999 })).toBeUndefined()
    expect(dead({ lastDeathAtMs: now + 200_001 - 10_000 })).toMatchObject({ state: 'dead' })
  })

  test('for more than 50 bases in proportion', () => {
    expect(dead({ census: { known: 500, missing: 1 }, lastDeathAtMs: now + 200_001 - 1_000 })).toMatchObject({
      state: 'dead',
    })
  })

  test('as configured, where it is', () => {
    const { settings } = tunnelFacts()
    const slow = { settings: { ...settings, deathsPerSecond: 0.01 } }
    expect(dead({ ...slow, lastDeathAtMs: now + 200_001 - 99_999 })).toBeUndefined()
    expect(dead({ ...slow, lastDeathAtMs: now + 200_001 - 100_000 })).toMatchObject({ state: 'dead' })
  })

  test('one that must wait is looked at again when its turn may have come', () => {
    const waiting = decide(quietFor(200_001, { base: at('silent'), lastDeathAtMs: now + 195_001 }))
    expect(waiting.wakeAfterMs).toBe(5_000)
  })
})

describe('more than 55 % of all known bases, and more than 3, silent at once', () => {
  test('those that were heard are held: not called silent, so that Nodes and Pods stay Ready', () => {
    expect(verdict(quietFor(25_001, { census: mostBases }))).toMatchObject({ state: 'unproven', held: true })
    expect(verdict(quietFor(25_001, { census: someBases }))).toMatchObject({ state: 'silent' })
  })

  test('those that were silent before stay so', () => {
    expect(verdict(quietFor(60_000, { base: at('silent'), census: mostBases }))).toBeUndefined()
  })

  test('three bases are no mass', () => {
    expect(verdict(quietFor(25_001, { census: { known: 3, missing: 3 } }))).toMatchObject({ state: 'silent' })
    expect(verdict(quietFor(25_001, { census: { known: 4, missing: 4 } }))).toMatchObject({ held: true })
  })

  test('deaths come a hundredfold slower', () => {
    const held = { base: at('silent'), census: mostBases }
    const afterMs = (ms: number) => verdict(quietFor(200_001, { ...held, lastDeathAtMs: now + 200_001 - ms }))
    expect(afterMs(499_000)).toBeUndefined()
    expect(afterMs(500_001)).toMatchObject({ state: 'dead' })
  })

  test('once the mass is over, those still away are silent, those that answer are heard', () => {
    const held: BaseFacts = { reach: { state: 'unproven', sinceMs: now, why: '', held: true } }
    expect(verdict(quietFor(60_000, { base: held }))).toMatchObject({ state: 'silent' })
    expect(verdict({ base: held })).toMatchObject({ state: 'heard' })
  })
})

describe('our own connection', () => {
  const down = { connected: false, epoch: 1, sinceMs: now, why: 'ECONNREFUSED' }

  test('down: nothing is judged, however long it lasts', () => {
    expect(verdict(quietFor(HOUR_MS, { link: down }))).toMatchObject({ state: 'unproven' })
    expect(verdict(quietFor(HOUR_MS, { link: down, base: at('silent') }))).toBeUndefined()
    expect(decide(quietFor(HOUR_MS, { link: down })).events).toBeUndefined()
  })

  test('up again: a base not heard since gets no commands, and has 200 s before it is judged', () => {
    expect(verdict(connectedFor(1_000))).toMatchObject({ state: 'unproven' })
    expect(verdict(connectedFor(200_000, { base: at('unproven') }))).toBeUndefined()
    expect(verdict(connectedFor(200_002, { base: at('unproven') }))).toMatchObject({ state: 'dead' })
  })

  test('up again: one that was silent before is not judged either', () => {
    expect(verdict(connectedFor(190_000, { base: at('silent') }))).toBeUndefined()
  })

  test('up again: an answer is enough', () => {
    expect(
      verdict(connectedFor(500, { base: { ...at('unproven'), ...life({ aliveAtMs: now + 400 }) } })),
    ).toMatchObject({
      state: 'heard',
    })
  })
})

describe('after a restart of ours', () => {
  const adopted: BaseFacts = {
    ...at('unproven', now),
    ...life({ aliveAtMs: 0, heardAtMs: 0 }),
    firstHeardAtMs: now - HOUR_MS,
  }

  test('a base known from its Node is judged only a full window after our connect', () => {
    expect(verdict(connectedFor(199_000, { base: adopted }))).toBeUndefined()
    expect(verdict(connectedFor(200_002, { base: adopted }))).toMatchObject({ state: 'dead' })
  })

  test('after an hour away many are missing at once, and none is called silent', () => {
    const census = { known: 100, missing: 100 }
    const waiting = connectedFor(200_002, { base: adopted, census, lastDeathAtMs: now + 200_000 })
    expect(verdict(waiting)).toMatchObject({ state: 'unproven', held: true })
  })
})

describe('a base that sent one message only', () => {
  const newcomer: BaseFacts = { ...at('unproven', now), ...life({ aliveAtMs: 0, heardAtMs: now }), firstHeardAtMs: now }

  test('is not proven to live', () => {
    expect(verdict({ base: newcomer, hasNode: false })).toBeUndefined()
  })

  test('and never another is forgotten: it never had a Node, nothing dies', () => {
    const given = quietFor(200_001, { base: newcomer, hasNode: false })
    expect(decide(given)).toMatchObject({ forget: true })
    expect(decide(given).events).toBeUndefined()
  })
})

describe('a base known to be dead', () => {
  const basePod = { namespace: 'shop', name: 'base-0', uid: 'uid-0' }

  test('its own Pod is gone or ended: at once, and no rate holds it back', () => {
    const given: Given = { base: { basePod }, ownPod: 'ended', lastDeathAtMs: now, census: mostBases }
    expect(verdict(given)).toMatchObject({ state: 'dead', why: 'its own Pod shop/base-0 is gone or ended' })
    expect(decide(given)).toMatchObject({ died: 'ownPod' })
    expect(reasonsOf(decide(given))).toEqual(['BaseDead'])
  })

  test('also while our own connection is down', () => {
    const link = { connected: false, epoch: 1, sinceMs: now, why: '' }
    expect(verdict({ base: { basePod }, ownPod: 'ended', link })).toMatchObject({ state: 'dead' })
  })

  test('a Pod of which we cannot tell proves nothing', () => {
    expect(verdict({ base: { basePod }, ownPod: 'unknown' })).toBeUndefined()
  })

  test('it says that it is deactivated: at once', () => {
    expect(decide({ base: { deactivated: true } })).toMatchObject({ died: 'deactivated' })
  })
})

describe('a dead base', () => {
  const dead = (aliveAtMs: number, facts: BaseFacts = {}): BaseFacts => ({
    ...at('dead', now - 10_000),
    ...life({ aliveAtMs }),
    ...facts,
  })

  test('that answers lives again', () => {
    expect(verdict({ base: dead(now) })).toMatchObject({ state: 'heard' })
  })

  test('is not woken by a message that was on its way when it died', () => {
    expect(verdict({ base: dead(now - 9_500) })).toBeUndefined()
  })

  test('is not woken by a heart that says it goes down', () => {
    expect(verdict({ base: dead(now, { deactivated: true }) })).toBeUndefined()
  })

  test('that speaks although its Pod ended runs elsewhere: that Pod is forgotten', () => {
    const basePod = { namespace: 'shop', name: 'base-0', uid: 'uid-0' }
    const { notes } = decide({ base: dead(now, { basePod }), ownPod: 'ended' })
    expect(notes).toMatchObject([{ kind: 'basePod' }, { kind: 'reach', reach: { state: 'heard' } }])
  })

  test('is forgotten after a day', () => {
    expect(decide({ base: { ...dead(now - 25 * HOUR_MS), ...at('dead', now - 24 * HOUR_MS) } })).toMatchObject({
      forget: true,
    })
    expect(decide({ base: { ...dead(now - 25 * HOUR_MS), ...at('dead', now - 23 * HOUR_MS) } }).forget).toBeUndefined()
  })
})
