import { expect, test } from 'vitest'
import { BUILT_AT_MS } from '../registry/a-base.ts'
import { type Given, reasonsOf, tunnelFacts } from './a-tunnel.ts'
import { decideGreeting } from './greeting.ts'

const decide = (given: Given = {}) => decideGreeting(tunnelFacts(given))
const asked = { base: { lastPublishedAtMs: { queryBaseline: 77 } } }

test('a base that asks for its baseline is answered once: its modules come from its Pods', () => {
  expect(decide(asked).commands).toEqual([{ kind: 'baseline', bizs: [] }])
  expect(decide(asked).memo).toMatchObject({ baselineAtMs: 77 })
  expect(decide({ ...asked, memo: { baselineAtMs: 77 } }).commands).toEqual([])
  expect(decide({ ...asked, memo: { baselineAtMs: 60 } }).commands).toHaveLength(1)
})

test('one that never asked is not answered', () => {
  expect(decide().commands).toEqual([])
})

test('a restart is told once', () => {
  expect(reasonsOf(decide({ base: { restarts: 1 } }))).toEqual(['BaseRestarted'])
  expect(reasonsOf(decide({ base: { restarts: 1 }, memo: { restartsTold: 1 } }))).toEqual([])
})

test('nothing is said while the connection is down', () => {
  const link = { connected: false, epoch: 1, sinceMs: BUILT_AT_MS, why: '' }
  expect(decide({ ...asked, link })).toMatchObject({ commands: [] })
})
