import type { V1Pod, V1PodStatus } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { claimsOn } from '../claims.ts'
import { aBase, BUILT_AT_MS } from '../registry/a-base.ts'
import { type BaseRecord, claimId } from '../registry/base-record.ts'
import { aBiz, aPod, claimsFor, jar, noLookups, planFor } from './a-pod.ts'
import { type PodPlan, planPod } from './pod-plan.ts'

const STARTED_MS = BUILT_AT_MS - 15_000
const tuple = { version: '0.0.1', url: jar('biz1', '0.0.1'), args: [], envs: {}, restartedAt: '' }
const running = aBase({
  bizs: [aBiz('biz1:0.0.1', 'activated', STARTED_MS)],
  provenance: { 'biz1:0.0.1': { tuple, claim: claimId('uid-web', 'biz1'), atMs: STARTED_MS } },
})

const planned = (pod: V1Pod, nowMs: number, record: BaseRecord = running): PodPlan =>
  planPod({
    pod,
    record,
    claims: claimsOn([pod], noLookups),
    lookups: noLookups,
    seenAtMs: 0,
    isReleased: false,
    nowMs,
  })

function statusOf({ action }: PodPlan): V1PodStatus {
  if (action.kind !== 'patchStatus' && action.kind !== 'end') throw new Error(`no status: ${action.kind}`)
  return JSON.parse(JSON.stringify(action.status)) as V1PodStatus
}

const limited = (status?: V1PodStatus): V1Pod =>
  aPod({ spec: { activeDeadlineSeconds: 20 }, ...(status && { status }) })
/** It started at `STARTED_MS` and has shown that it runs. */
const shown = limited(statusOf(planned(limited(), STARTED_MS)))
const atDeadline = planned(shown, STARTED_MS + 20_000)
const ended = limited({ ...shown.status, ...statusOf(atDeadline) })

describe('activeDeadlineSeconds', () => {
  test('is waited for, from when the Pod started', () => {
    expect(planned(shown, BUILT_AT_MS)).toMatchObject({ action: { kind: 'none' }, wakeAfterMs: 5_000 })
    expect(planned(aPod({ status: shown.status ?? {} }), BUILT_AT_MS).wakeAfterMs).toBeUndefined()
  })

  test('passed, the Pod has failed as a kubelet says it', () => {
    expect(statusOf(atDeadline)).toMatchObject({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
      containerStatuses: [
        { name: 'biz1', ready: false, state: { terminated: { exitCode: 137, reason: 'DeadlineExceeded' } } },
      ],
    })
    const { conditions = [] } = statusOf(atDeadline)
    for (const type of ['Ready', 'ContainersReady'])
      expect(conditions.find(one => one.type === type)).toMatchObject({ status: 'False', reason: 'PodFailed' })
    expect(conditions.find(one => one.type === 'PodScheduled')?.status).toBe('True')
  })

  test('is not judged while the base is not heard: what ran could not be stopped', () => {
    const silent = aBase({ reach: { state: 'silent', sinceMs: 0, why: '' } })
    expect(statusOf(planned(shown, STARTED_MS + 20_000, silent)).phase).toBe('Running')
  })

  test('its module is uninstalled at once, unless another Pod asks for it', () => {
    expect(planFor(running, [ended])).toMatchObject({ kind: 'uninstall', name: 'biz1', version: '0.0.1' })
    expect(planFor(running, [ended, aPod({ name: 'other' })])).toMatchObject({ kind: 'settled' })
    expect(claimsFor([ended]).groups).toEqual([])
  })

  test('what came up under its name later is not its own', () => {
    const later = aBase({ bizs: [aBiz('biz1:0.0.1', 'activated', BUILT_AT_MS + 60_000)] })
    expect(planFor(later, [ended])).toMatchObject({ kind: 'settled' })
    // After a restart of ours only its status tells.
    expect(planFor(aBase({ bizs: [aBiz('biz1:0.0.1', 'activated', STARTED_MS)] }), [ended])).toMatchObject({
      kind: 'uninstall',
    })
  })

  test('its object goes at once when it is deleted', () => {
    const { metadata } = aPod({ deleting: true })
    expect(planned({ ...ended, metadata: metadata ?? {} }, BUILT_AT_MS).action).toMatchObject({ cause: 'terminal' })
  })
})
