import type { V1NodeCondition } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { aBase, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import type { Reach } from '../registry/base-record.ts'
import { aLink, aNode } from './a-node.ts'
import { conditionsDueInMs, LINK_GRACE_MS, nodeConditions, sameConditions, UNPROVEN_GRACE_MS } from './conditions.ts'

const now = BUILT_AT_MS
const shown = aNode().status?.conditions ?? []
const reach = (state: Reach['state'], facts: Partial<Reach> = {}): BaseFacts => ({
  reach: { state, sinceMs: now - 60_000, why: '', ...facts },
})

interface Given {
  readonly base?: BaseFacts
  readonly prior?: readonly V1NodeCondition[]
  readonly link?: Parameters<typeof aLink>[0]
}

function condition(type: string, { base = {}, prior = shown, link = {} }: Given = {}) {
  const all = nodeConditions({ record: aBase(base), prior, link: aLink(link), nowMs: now })
  return all.find(entry => entry.type === type)
}

test('a base that is heard is Ready, and its tunnel too', () => {
  expect(condition('Ready')).toMatchObject({ status: 'True', reason: 'BaseHeard' })
  expect(condition('TunnelReady')).toMatchObject({ status: 'True', reason: 'Connected' })
})

test('a silent base is neither Ready nor not: Unknown', () => {
  expect(condition('Ready', { base: reach('silent') })).toMatchObject({ status: 'Unknown', reason: 'BaseSilent' })
  expect(condition('TunnelReady', { base: reach('silent') })).toMatchObject({ status: 'Unknown', reason: 'BaseSilent' })
})

test('a base not proven to live keeps the Ready that its Node shows', () => {
  const flipped = [
    { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting' },
  ]
  expect(condition('Ready', { base: reach('unproven') })).toMatchObject({ status: 'True' })
  expect(condition('Ready', { base: reach('unproven'), prior: flipped })).toMatchObject({ reason: 'NodeStatusUnknown' })
  expect(condition('Ready', { base: reach('unproven'), prior: [] })).toMatchObject({ reason: 'NotYetHeard' })
})

test('what the node lifecycle controller took is re-asserted while we hear the base', () => {
  const flipped = [
    { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting' },
  ]
  expect(condition('Ready', { prior: flipped })).toMatchObject({ status: 'True', reason: 'BaseHeard' })
})

test('our own connection down changes TunnelReady, after a moment, and nothing else', () => {
  const down = { connected: false, sinceMs: now - LINK_GRACE_MS }
  expect(condition('TunnelReady', { link: down })).toMatchObject({ status: 'Unknown', reason: 'BrokerLost' })
  expect(condition('Ready', { link: down })).toMatchObject({ status: 'True' })
  const justNow = { connected: false, sinceMs: now - LINK_GRACE_MS + 1 }
  expect(condition('TunnelReady', { link: justNow })).toMatchObject({ status: 'True' })
})

test('in a mass silence TunnelReady says so and Ready stays as it was', () => {
  const base = reach('unproven', { held: true })
  expect(condition('TunnelReady', { base })).toMatchObject({ status: 'Unknown', reason: 'BasesSilentHeld' })
  expect(condition('Ready', { base })).toMatchObject({ status: 'True' })
})

test('the first moments after a start change nothing; then TunnelReady tells that the base was not heard yet', () => {
  const young = reach('unproven', { sinceMs: now - UNPROVEN_GRACE_MS + 1 })
  const old = reach('unproven', { sinceMs: now - UNPROVEN_GRACE_MS })
  expect(condition('TunnelReady', { base: young })).toMatchObject({ status: 'True' })
  expect(condition('TunnelReady', { base: old })).toMatchObject({ status: 'Unknown', reason: 'NotYetHeard' })
})

test.each(['BaseDeaf', 'DuplicateIdentity'] as const)('a base that gets no commands says why: %s', reason => {
  const base = { noCommands: { reason, sinceMs: now, message: 'because' } }
  expect(condition('TunnelReady', { base })).toMatchObject({ status: 'False', reason, message: 'because' })
  expect(condition('Ready', { base })).toMatchObject({ status: 'True' })
})

const pressed = (share: number): BaseFacts => ({
  health: { metaspaceUsedBytes: share * 1_000, metaspaceMaxBytes: 1_000 },
})
const underPressure = [{ type: 'MemoryPressure', status: 'True' }]

test.each([
  ['begins at 90 %', 0.9, [], 'True'],
  ['does not begin below', 0.899, [], 'False'],
  ['stays above 85 %', 0.86, underPressure, 'True'],
  ['ends below', 0.849, underPressure, 'False'],
])('memory pressure %s', (_what, share, prior, status) => {
  expect(condition('MemoryPressure', { base: pressed(share), prior })).toMatchObject({ status })
})

test('a JVM without a metaspace limit is never under pressure, and one not asked yet stays as shown', () => {
  expect(condition('MemoryPressure', { base: { health: { metaspaceUsedBytes: 9e9 } } })).toMatchObject({
    status: 'False',
  })
  expect(condition('MemoryPressure', { base: { lacking: ['health'] }, prior: underPressure })).toMatchObject({
    status: 'True',
  })
})

test.each(['DiskPressure', 'PIDPressure', 'NetworkUnavailable'])('%s is False', type => {
  expect(condition(type)).toMatchObject({ status: 'False' })
})

test('transition times change on transitions only', () => {
  const since = shown.find(({ type }) => type === 'Ready')?.lastTransitionTime
  expect(condition('Ready')?.lastTransitionTime).toBe(since)
  expect(condition('Ready', { base: reach('silent') })?.lastTransitionTime).toEqual(new Date(now))
})

test('conditions of others are kept', () => {
  const theirs = { type: 'KernelDeadlock', status: 'False', reason: 'KernelHasNoDeadlock', message: '' }
  expect(condition('KernelDeadlock', { prior: [...shown, theirs] })).toEqual(theirs)
})

test('a later look at the same facts is no change', () => {
  const later = nodeConditions({ record: aBase(), prior: shown, link: aLink(), nowMs: now + 1_000 })
  expect(sameConditions(later, shown)).toBe(true)
  expect(sameConditions(later.slice(1), shown)).toBe(false)
})

test('what time alone changes is waited for', () => {
  const due = (base: BaseFacts, link: Given['link'] = {}) =>
    conditionsDueInMs({ record: aBase(base), prior: [], link: aLink(link), nowMs: now })
  expect(due({})).toBeUndefined()
  expect(due({}, { connected: false, sinceMs: now - 1_000 })).toBe(LINK_GRACE_MS - 1_000)
  expect(due(reach('unproven', { sinceMs: now }))).toBe(UNPROVEN_GRACE_MS)
})
