import { describe, expect, test } from 'vitest'
import { aBase, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { type Given, noteOf, reasonsOf, tunnelFacts } from './a-tunnel.ts'
import { decideNoCommands } from './no-commands.ts'

const now = BUILT_AT_MS
const decide = (given: Given) => decideNoCommands(tunnelFacts(given))
const noted = (given: Given) => noteOf(decide(given), 'noCommands')
const life = (facts: Partial<BaseRecord['life']>): BaseFacts => ({ life: { ...aBase().life, ...facts } })
const deaf = { reason: 'BaseDeaf', sinceMs: now - 5_000, message: 'deaf' } as const

describe('a base that beats but answers nothing', () => {
  const unanswered = life({ askedSinceMs: now - 30_001, askedAtMs: now - 1_000, heartAtMs: now - 3_000 })

  test('is deaf after 30 s and several questions', () => {
    expect(noted({ base: unanswered })?.noCommands).toMatchObject({ reason: 'BaseDeaf', sinceMs: now })
    expect(reasonsOf(decide({ base: unanswered }))).toEqual(['BaseDeaf'])
  })

  test.each<[string, Partial<BaseRecord['life']>]>([
    ['it may still answer', { askedSinceMs: now - 30_000, askedAtMs: now }],
    ['one question may be lost', { askedSinceMs: now - 60_000, askedAtMs: now - 59_000 }],
    [
      'one that does not beat either is silent',
      { askedSinceMs: now - 60_000, askedAtMs: now, heartAtMs: now - 25_000 },
    ],
  ])('is not: %s', (_why, facts) => {
    expect(noted({ base: life({ heartAtMs: now - 3_000, ...facts }) })).toBeUndefined()
  })

  test('was not asked over this connection: what was asked before it does not count', () => {
    const link = { connected: true, epoch: 2, sinceMs: now - 20_000, why: '' }
    expect(noted({ base: unanswered, link })).toBeUndefined()
  })

  test('stays deaf until it answers, and is told of once', () => {
    expect(decide({ base: { ...unanswered, noCommands: deaf } })).not.toHaveProperty('notes')
    expect(noted({ base: { noCommands: deaf } })).toEqual({ kind: 'noCommands', noCommands: undefined })
  })
})

describe('two processes under one identity', () => {
  test('freeze the base, and an Event tells', () => {
    const given = { base: { duplicateSeenAtMs: now - 1_000 } }
    expect(noted(given)?.noCommands).toMatchObject({ reason: 'DuplicateIdentity' })
    expect(reasonsOf(decide(given))).toEqual(['DuplicateIdentity'])
  })

  test('for as long as they alternate, and a minute more', () => {
    const noCommands = { reason: 'DuplicateIdentity', sinceMs: 0, message: '' } as const
    expect(decide({ base: { duplicateSeenAtMs: now - 50_000, noCommands } })).toMatchObject({ wakeAfterMs: 10_000 })
    expect(noted({ base: { duplicateSeenAtMs: now - 60_000, noCommands } })).toEqual({
      kind: 'noCommands',
      noCommands: undefined,
    })
  })

  test('outweigh deafness', () => {
    const base = { ...life({ askedSinceMs: now - 40_000, askedAtMs: now }), duplicateSeenAtMs: now, noCommands: deaf }
    expect(noted({ base })?.noCommands).toMatchObject({ reason: 'DuplicateIdentity' })
  })
})

describe('a base whose own Pod is being deleted', () => {
  test('gets no new commands, and an Event tells once', () => {
    const decision = decide({ ownPod: 'leaving' })
    expect(noteOf(decision, 'noCommands')?.noCommands).toMatchObject({ reason: 'BaseLeaving', sinceMs: now })
    expect(reasonsOf(decision)).toEqual(['BaseLeaving'])
    const noCommands = { reason: 'BaseLeaving', sinceMs: 0, message: '' } as const
    expect(decide({ base: { noCommands }, ownPod: 'leaving' })).not.toHaveProperty('notes')
  })

  test.each(['running', 'unknown', 'none'] as const)('is not one whose Pod is %s', ownPod => {
    expect(decide({ ownPod })).not.toHaveProperty('notes')
  })
})

test('a base that answers and is one may get commands: nothing is noted', () => {
  expect(decide({})).not.toHaveProperty('notes')
})
