import type { V1Pod, V1PodStatus } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { claimsOn } from '../claims.ts'
import { aBase, BUILT_AT_MS } from '../registry/a-base.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { aBiz, aPod, noLookups } from './a-pod.ts'
import { type PodAction, planPod } from './pod-plan.ts'

const record = aBase({ bizs: [aBiz('biz1:0.0.1')] })

function plan(pod: V1Pod, base: BaseRecord = record): PodAction {
  const claims = claimsOn([pod], noLookups)
  const facts = { pod, record: base, claims, lookups: noLookups, seenAtMs: 0, isReleased: false, nowMs: BUILT_AT_MS }
  return planPod(facts).action
}

function written(pod: V1Pod, base?: BaseRecord): V1PodStatus {
  const action = plan(pod, base)
  if (action.kind !== 'patchStatus') throw new Error(`no status: ${action.kind}`)
  return JSON.parse(JSON.stringify(action.status)) as V1PodStatus
}

const ofGeneration = (generation: number, status?: V1PodStatus): V1Pod => {
  const pod = aPod(status ? { status } : {})
  return { ...pod, metadata: { ...pod.metadata, generation } }
}

describe('observedGeneration', () => {
  test('follows a change that leaves all else as it was: a patch of tolerations', () => {
    const status = written(ofGeneration(1))
    expect(status.observedGeneration).toBe(1)
    expect(plan(ofGeneration(1, status)).kind).toBe('none')

    const next = written(ofGeneration(2, status))
    expect(next.observedGeneration).toBe(2)
    expect(plan(ofGeneration(2, next)).kind).toBe('none')
  })

  test('is not written without end to a server that counts generations and drops it', () => {
    const { observedGeneration: _dropped, ...kept } = written(ofGeneration(1))
    expect(plan(ofGeneration(2, kept)).kind).toBe('none')
  })
})

describe('PodScheduled', () => {
  const scheduled = ({ conditions = [] }: V1PodStatus) => conditions.filter(({ type }) => type === 'PodScheduled')

  test('is True for a Pod that no scheduler has bound', () => {
    const status = written(aPod())
    expect(scheduled(status)).toEqual([
      { type: 'PodScheduled', status: 'True', lastTransitionTime: new Date(BUILT_AT_MS).toISOString() },
    ])
    expect(plan(aPod({ status })).kind).toBe('none')
  })

  test("stays the scheduler's where it has written one", () => {
    const theirs = {
      type: 'PodScheduled',
      status: 'True',
      lastTransitionTime: '2026-01-01T00:00:00Z' as unknown as Date,
    }
    expect(scheduled(written(aPod({ status: { conditions: [theirs] } })))).toEqual([theirs])
  })
})

test('on a lost base a Pod stays for as long as it asks, and the others go', () => {
  const lostSinceMs = BUILT_AT_MS - 250_000
  const lost = { ...record, reach: { state: 'silent', sinceMs: lostSinceMs, why: '', lostSinceMs } as const }
  const tolerating = (tolerationSeconds: number) =>
    aPod({ spec: { tolerations: [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', tolerationSeconds }] } })
  expect(plan(aPod(), lost).kind).toBe('evict')
  expect(plan(tolerating(250), lost).kind).toBe('evict')
  expect(plan(tolerating(251), lost).kind).not.toBe('evict')
})

test('a Pod whose base is leaving is not Ready at once, and its module runs on', () => {
  const noCommands = { reason: 'BaseLeaving', sinceMs: 0, message: '' } as const
  const { phase, conditions = [], containerStatuses } = written(aPod(), { ...record, noCommands })
  expect(phase).toBe('Running')
  expect(conditions.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'False', reason: 'BaseLeaving' })
  expect(containerStatuses).toMatchObject([{ ready: true, state: { running: {} } }])
})
