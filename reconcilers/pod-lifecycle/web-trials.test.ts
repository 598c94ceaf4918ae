/** A trial is not the module, though the base lists it as if it were (captures 190, 215, 238). */
import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { BUILT_AT_MS } from '../registry/a-base.ts'
import { aPod } from './a-pod.ts'
import { ARollout, newPod, oldPod, proved, rolling } from './a-rollout.ts'

describe('a trial is not the module', () => {
  test('even where the base calls it active: the old one stays Ready, the new one is not', () => {
    const rollout = proved('activated')
    expect(rollout.shown('new')).toMatchObject({ ready: 'False', state: 'ContainerCreating' })
    expect(rollout.shown('old')).toMatchObject({ ready: 'True', state: 'running' })
    rollout.leaseWritten()
    expect(rollout.carryOut()).toEqual(['switch to biz1:2'])
  })

  test('a second Pod of it shares nothing yet', () => {
    const twin = newPod({ name: 'twin', uid: 'uid-twin' })
    expect(proved('activated', oldPod(), newPod(), twin).shown('twin')).toMatchObject({ ready: 'False' })
  })

  test.each<'activated' | 'deactivated'>(['activated', 'deactivated'])(
    '%s, it goes with its Pod, and the old one serves on',
    state => {
      const rollout = proved(state)
      rollout.pods = [oldPod()]
      rollout.leaseWritten()
      expect(rollout.go()).toEqual(['uninstall biz1:2'])
      rollout.uninstalled('biz1:2')
      rollout.runs(rollout.biz('biz1:1', state === 'activated' ? 'deactivated' : 'activated', BUILT_AT_MS))
      expect(rollout.go()).toEqual([])
      expect(rollout.shown('old')).toMatchObject({ ready: 'True', state: 'running' })
    },
  )

  test('a third version removes it before its own trial', () => {
    const rollout = proved()
    rollout.pods = [...rollout.pods, aPod({ name: 'third', version: '3', createdAt: '2026-01-01T00:02:00Z' })]
    rollout.leaseWritten()
    expect(rollout.go()).toEqual(['uninstall biz1:2'])
    rollout.uninstalled('biz1:2')
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    expect(rollout.go()).toEqual(['install biz1:3 at /biz1-proof'])
  })

  test('it proves no other build of its version: that one is tried anew', () => {
    const rollout = proved()
    rollout.pods = [oldPod(), newPod({ image: 'http://jars/biz1-2-mended.jar' })]
    rollout.leaseWritten()
    expect(rollout.go()).toEqual(['uninstall biz1:2'])
    rollout.uninstalled('biz1:2')
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    expect(rollout.go()).toEqual(['install biz1:2 at /biz1-proof'])
  })

  test('the Pod of the old version goes while that trial is removed: the old one serves until the next one is up', () => {
    const rollout = proved()
    rollout.pods = [oldPod({ deleting: true }), newPod({ image: 'http://jars/biz1-2-mended.jar' })]
    rollout.leaseWritten()
    expect(rollout.go()).toEqual(['uninstall biz1:2'])
    rollout.uninstalled('biz1:2')
    expect(rollout.go()).toEqual([])
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    expect(rollout.go()).toEqual(['install biz1:2 at /biz1-proof'])
  })

  test('the Pod of the old version goes: one switch, not an uninstall before it', () => {
    const rollout = proved()
    rollout.pods = [oldPod({ deleting: true }), newPod()]
    rollout.leaseWritten()
    expect(rollout.carryOut()).toEqual(['switch to biz1:2'])
  })

  test('the Pod of the old version goes while the trial starts: the old one serves until then', () => {
    const rollout = rolling()
    rollout.go()
    rollout.pods = [oldPod({ deleting: true }), newPod()]
    expect(rollout.go()).toEqual([])
  })

  test('its answer is lost: what shows in the next looks is a trial', () => {
    const rollout = rolling()
    rollout.go()
    const startedAtMs = rollout.nowMs
    for (let look = 0; look < 30; look++) {
      rollout.later(1_000)
      rollout.runs(rollout.biz('biz1:2', 'activated', startedAtMs), rollout.biz('biz1:1', 'deactivated', startedAtMs))
    }
    expect(rollout.shown('new')).toMatchObject({ ready: 'False' })
    rollout.leaseWritten()
    expect(rollout.carryOut()).toEqual(['switch to biz1:2'])
  })

  test('the base restarts meanwhile: the newest version is installed at its own place', () => {
    const rollout = proved()
    rollout.says({
      kind: 'queryBaseline',
      base: rollout.record.id,
      publishedAtMs: rollout.nowMs + 1,
      metadata: rollout.record.metadata,
    })
    rollout.later(10)
    rollout.runs()
    rollout.tells({}, { runTimeMs: 20 })
    rollout.leaseWritten()
    expect(rollout.go()).toEqual(['install biz1:2'])
    rollout.installed('biz1:2', 'activated', 'biz1')
    expect(rollout.shown('new')).toMatchObject({ ready: 'True' })
  })
})

describe('after a restart of the operator', () => {
  /** All that it knows is what the Lease of the base says. */
  function restarted(former: ARollout, pods: readonly V1Pod[]): ARollout {
    const proofs = new Map(
      [...former.record.proofs].map(([key, entry]) => [key, { ...entry, isWritten: true }] as const),
    )
    const rollout = new ARollout(pods, { proofs, lacking: ['health', 'snapshot'] })
    rollout.nowMs = former.nowMs + 1_000
    return rollout
  }

  test.each<'activated' | 'deactivated'>(['activated', 'deactivated'])(
    'a trial that is %s is switched to, not believed',
    state => {
      const former = proved(state)
      const rollout = restarted(former, former.pods)
      rollout.runs(...former.record.bizs.values())
      expect(rollout.shown('new')).toMatchObject({ ready: 'False' })
      expect(rollout.shown('old')).toMatchObject({ ready: 'True' })
      expect(rollout.go()).toEqual(['switch to biz1:2'])
    },
  )

  test('the same where its Pod was deleted by force and another has come', () => {
    const former = proved('activated')
    const rollout = restarted(former, [oldPod(), newPod({ name: 'next', uid: 'uid-next' })])
    rollout.runs(...former.record.bizs.values())
    expect(rollout.shown('next')).toMatchObject({ ready: 'False' })
    expect(rollout.go()).toEqual(['switch to biz1:2'])
  })

  test('what was switched to is the module: it started at another time than the trial', () => {
    const former = proved()
    const rollout = restarted(former, former.pods)
    rollout.runs(rollout.biz('biz1:2', 'activated', former.nowMs + 900))
    expect(rollout.go()).toEqual([])
    expect(rollout.shown('new')).toMatchObject({ ready: 'True' })
  })

  test('of a trial whose start nobody had heard of, no start is believed', () => {
    const former = rolling()
    former.go()
    const rollout = restarted(former, former.pods)
    rollout.runs(
      rollout.biz('biz1:2', 'activated', former.nowMs + 500),
      rollout.biz('biz1:1', 'deactivated', BUILT_AT_MS),
    )
    expect(rollout.shown('new')).toMatchObject({ ready: 'False' })
    expect(rollout.go()).toEqual(['switch to biz1:2'])
  })

  test('undone meanwhile: the old one serves on, though the base calls it deactivated', () => {
    const former = proved('activated')
    const rollout = restarted(former, [oldPod()])
    rollout.runs(...former.record.bizs.values())
    expect(rollout.shown('old')).toMatchObject({ ready: 'True' })
    expect(rollout.go()).toEqual(['uninstall biz1:2'])
  })
})
