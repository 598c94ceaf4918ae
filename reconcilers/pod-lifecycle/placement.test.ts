import type { V1Node, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { claimsOn } from '../claims.ts'
import { LABEL } from '../names.ts'
import { aBase, BUILT_AT_MS } from '../registry/a-base.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { aBiz, aPod, noLookups } from './a-pod.ts'
import { placing } from './placement.ts'
import { planPod } from './pod-plan.ts'

const nowMs = BUILT_AT_MS
const { version } = aBase().metadata
const nodeOf = (labels: Readonly<Record<string, string>>): V1Node => ({
  metadata: { name: 'virtual-node-b1', labels: { tier: 'gold', ...labels } },
})
const shown = nodeOf({ [LABEL.version]: version })
const pinned = (selector: Readonly<Record<string, string>>): V1Pod => aPod({ spec: { nodeSelector: { ...selector } } })
const ofFormer = pinned({ [LABEL.version]: 'former' })

const placed = (pod: V1Pod, record: BaseRecord = aBase(), node: V1Node | undefined = shown, seenAtMs = 0) =>
  placing({ record, node, lookups: noLookups, nowMs })(pod, seenAtMs)

describe('a Pod of which nothing is on the base', () => {
  test('fits where the base tells what the Pod asks for, and the Node shows the rest', () => {
    expect(placed(pinned({ [LABEL.version]: version, tier: 'gold' }))).toBe('fits')
    // The base has said it, and the Node follows.
    expect(placed(pinned({ [LABEL.version]: version }), aBase(), nodeOf({ [LABEL.version]: 'former' }))).toBe('fits')
  })

  test('is a misfit where the base has come back as another', () => {
    expect(placed(ofFormer)).toBe('misfit')
    expect(placed(pinned({ tier: 'silver' }))).toBe('misfit')
  })

  test('waits while its Node still shows what it asks for: it would be replaced right there', () => {
    expect(placed(ofFormer, aBase(), nodeOf({ [LABEL.version]: 'former' }))).toBe('unshown')
  })

  test('waits where the scheduler may know the Node better than we do', () => {
    expect(placed(pinned({ tier: 'silver' }), aBase(), shown, nowMs - 1_000)).toBe('unshown')
  })
})

test.each<[string, BaseRecord]>([
  ['it runs', aBase({ bizs: [aBiz('biz1:0.0.1')] })],
  ['another version of it runs', aBase({ bizs: [aBiz('biz1:0.0.2')] })],
  ['its base is silent', aBase({ reach: { state: 'silent', sinceMs: 0, why: '' } })],
  ['its base gets no commands', aBase({ noCommands: { reason: 'DuplicateIdentity', sinceMs: 0, message: '' } })],
])('a Pod is left alone where %s', (_why, record) => {
  expect(placed(ofFormer, record)).toBe('fits')
})

test('a misfit is Failed as a kubelet says it', () => {
  const claims = claimsOn([], noLookups)
  const facts = { pod: ofFormer, record: aBase(), claims, lookups: noLookups, seenAtMs: 0, isReleased: false, nowMs }
  expect(planPod({ ...facts, placement: 'misfit' }).action).toMatchObject({
    kind: 'end',
    status: { phase: 'Failed', reason: 'NodeAffinity', message: 'Pod was rejected: Predicate NodeAffinity failed' },
  })
  expect(planPod({ ...facts, placement: 'unshown' }).action.kind).not.toBe('end')
})
