import type { V1Lifecycle, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { BUILT_AT_MS } from '../registry/a-base.ts'
import { applyNote } from '../registry/notes.ts'
import { aContainer, aPod } from './a-pod.ts'
import { ARollout } from './a-rollout.ts'

const sleeping = (seconds: number): V1Lifecycle => ({ preStop: { sleep: { seconds } } })

function leaving(lifecycle: V1Lifecycle, graceSeconds = 30, name = 'web'): V1Pod {
  const pod = aPod({ name, deleting: true, containers: [{ ...aContainer(), lifecycle }] })
  return { ...pod, metadata: { ...pod.metadata, deletionGracePeriodSeconds: graceSeconds } }
}

/** biz1:0.0.1 runs, and these Pods ask for it. */
function running(...pods: readonly V1Pod[]): ARollout {
  const rollout = new ARollout(pods)
  rollout.runs(rollout.biz('biz1:0.0.1', 'activated', BUILT_AT_MS))
  return rollout
}

/** How long after its first look the base is told to uninstall. */
function uninstalledAfterMs(rollout: ARollout): number {
  const fromMs = rollout.nowMs
  for (let look = 0; look < 10; look++) {
    if (rollout.go().includes('uninstall biz1:0.0.1')) return rollout.nowMs - fromMs
    rollout.later((rollout.plan.wakeAtMs ?? rollout.nowMs + 1) - rollout.nowMs)
  }
  throw new Error(rollout.plan.why.join())
}

describe('preStop', () => {
  test('sleep: the module is uninstalled when it has passed', () => {
    expect(uninstalledAfterMs(running(leaving({})))).toBe(0)
    expect(uninstalledAfterMs(running(leaving(sleeping(5))))).toBe(5_000)
  })

  test('ends with the grace period of the Pod', () => {
    expect(uninstalledAfterMs(running(leaving(sleeping(5), 2)))).toBe(2_000)
    expect(uninstalledAfterMs(running(leaving(sleeping(5), 0)))).toBe(0)
  })

  test('of Pods that share the module the longest counts', () => {
    expect(uninstalledAfterMs(running(leaving(sleeping(5)), leaving(sleeping(3), 30, 'twin')))).toBe(5_000)
  })

  test('does not run while another Pod keeps the module, and begins when that goes', () => {
    const rollout = running(leaving(sleeping(5)), aPod({ name: 'stays' }))
    expect(rollout.go()).toEqual([])
    rollout.later(60_000)
    rollout.pods = [leaving(sleeping(5), 30, 'stays')]
    expect(uninstalledAfterMs(rollout)).toBe(5_000)
  })

  test('runs once: a command that was lost is sent again without it', () => {
    const rollout = running(leaving(sleeping(5)))
    expect(uninstalledAfterMs(rollout)).toBe(5_000)
    rollout.record = applyNote(rollout.record, { kind: 'unsent', key: bizKey('biz1', '0.0.1') }).record
    expect(uninstalledAfterMs(rollout)).toBe(0)
  })

  test('nothing waits for a module that is broken', () => {
    const rollout = new ARollout([leaving(sleeping(5))])
    rollout.runs(rollout.biz('biz1:0.0.1', 'broken', BUILT_AT_MS))
    expect(uninstalledAfterMs(rollout)).toBe(0)
  })
})
