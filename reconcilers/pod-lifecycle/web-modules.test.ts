/** Web modules cannot stand twice (captures 170 to 238): how a new version is proved, switched to, or told why not. */
import { describe, expect, test } from 'vitest'
import type { Clash } from '../../mqtt-bridge/index.ts'
import { ANNOTATION } from '../names.ts'
import { BUILT_AT_MS } from '../registry/a-base.ts'
import { isUp } from '../registry/web-modules.ts'
import { aPod } from './a-pod.ts'
import { ARollout, newPod, oldPod, proved, rolling } from './a-rollout.ts'

const PATH: Clash = { kind: 'contextPath', path: '/biz1' }
const NOT_UNIQUE = 'java.lang.IllegalArgumentException: Child name [biz1] is not unique'

describe('a module whose path is known', () => {
  test('is proved under another path, once its base’s Lease tells of the trial', () => {
    const rollout = rolling()
    expect(rollout.carryOut()).toEqual([])
    expect(rollout.carryOut()).toEqual([])
    rollout.leaseWritten()
    expect(rollout.carryOut()).toEqual(['install biz1:2 at /biz1-proof'])
    expect(rollout.shown('new')).toMatchObject({ ready: 'False', state: 'ContainerCreating' })
  })

  test('is switched to by one command without the extra argument, once the start of the trial is written down', () => {
    const rollout = proved()
    expect(rollout.carryOut()).toEqual([])
    rollout.leaseWritten()
    expect(rollout.carryOut()).toEqual(['switch to biz1:2'])
    rollout.installed('biz1:2', 'activated', 'biz1')
    expect(rollout.shown('new')).toMatchObject({ ready: 'True', state: 'running' })
  })

  test('the user’s own path is respected: its trial goes under one derived from it', () => {
    const args = ['--server.servlet.context-path=biz1']
    expect(rolling(oldPod(), newPod({ args })).go()).toEqual(['install biz1:2 at /biz1-proof'])
  })

  test('a path of the user’s own that nobody has needs no trial', () => {
    const args = ['--server.servlet.context-path=/two']
    expect(rolling(oldPod(), newPod({ args })).go()).toEqual(['install biz1:2'])
  })

  test('the trial goes elsewhere where its path is somebody’s', () => {
    const rollout = rolling()
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS), rollout.biz('other:1', 'activated'))
    rollout.tells({ biz1: { path: 'biz1' }, other: { path: '/biz1-proof' } })
    expect(rollout.go()).toEqual(['install biz1:2 at /biz1-proof-2'])
  })

  test('a path that turns out to be taken only for the trial makes another trial, not a switch', () => {
    const rollout = rolling()
    rollout.go()
    rollout.failed('biz1:2', 'Child name [/biz1-proof] is not unique', { kind: 'contextPath', path: '/biz1-proof' })
    rollout.tells({ biz1: { path: 'biz1' } })
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    expect(rollout.go()).toEqual(['install biz1:2 at /biz1-proof-2'])
  })

  test('on a base whose modules have no web server it is proved beside, whatever its manifest says', () => {
    const rollout = new ARollout([oldPod(), newPod()])
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    rollout.tells({ biz1: { path: 'biz1' } }, { webServer: 'none' })
    expect(rollout.go()).toEqual(['install biz1:2'])
  })

  test('on WebFlux it is proved without a web server', () => {
    const rollout = rolling()
    rollout.tells({ biz1: { path: 'biz1' } }, { webServer: 'reactive' })
    expect(rollout.go()).toEqual(['install biz1:2 without web server'])
  })
})

describe('a version that is broken for its own sake', () => {
  test('shows its true cause, and the running one is untouched', () => {
    const rollout = rolling()
    rollout.go()
    rollout.failed('biz1:2', 'java.lang.IllegalStateException: cannot reach database')
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    expect(rollout.go()).toEqual([])
    expect(rollout.shown('new')).toMatchObject({ state: 'InstallFailed' })
    expect(rollout.shown('new').message).toContain('cannot reach database')
    expect(rollout.shown('old')).toMatchObject({ ready: 'True', state: 'running' })
  })

  test('its tries are bounded by backoff, and their number is told', () => {
    const rollout = rolling()
    for (const waitMs of [11_000, 22_000]) {
      rollout.go()
      rollout.failed('biz1:2', 'java.lang.IllegalStateException: no')
      rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
      expect(rollout.go()).toEqual([])
      rollout.later(waitMs)
    }
    expect(rollout.go()).toEqual(['install biz1:2 at /biz1-proof'])
    expect(rollout.shown('new').message).toContain('(2 tries)')
  })
})

describe('where the text of “cannot stand twice” comes back', () => {
  test('a path that nobody told of is learned from it, and another is tried at once', () => {
    const rollout = new ARollout([oldPod(), newPod()])
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    rollout.tells({ biz1: { path: '/' } })
    expect(rollout.go()).toEqual(['install biz1:2'])
    rollout.failed('biz1:2', NOT_UNIQUE, PATH)
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    expect(rollout.go()).toEqual([])
    expect(rollout.shown('new')).toMatchObject({ state: 'ContainerCreating' })
    rollout.tells({ biz1: { path: '/' } })
    expect(rollout.go()).toEqual(['install biz1:2 at /biz1-proof'])
  })

  test('a main that drops its arguments is switched to unproven, and an Event can say why', () => {
    const rollout = rolling()
    rollout.go()
    rollout.failed('biz1:2', NOT_UNIQUE, PATH)
    rollout.tells({ biz1: { path: 'biz1' } })
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    expect(rollout.plan.send).toMatchObject([{ unproven: true, unprovenWhy: expect.stringContaining('context path') }])
    expect(rollout.go()).toEqual(['switch to biz1:2'])
  })

  test('and the old one is put back at once where that fails; no second switch is made', () => {
    const rollout = rolling()
    rollout.go()
    rollout.failed('biz1:2', NOT_UNIQUE, PATH)
    rollout.tells({ biz1: { path: 'biz1' } })
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    rollout.go()
    rollout.failed('biz1:2', 'java.net.ConnectException: Connection refused')
    rollout.runs()
    expect(rollout.go()).toEqual(['install biz1:1'])
    rollout.installed('biz1:1', 'activated', 'biz1')
    rollout.runs(rollout.biz('biz1:1', 'activated'))
    rollout.later(600_000)
    expect(rollout.go()).toEqual([])
  })

  test.each<Clash['kind']>(['port', 'mbean', 'fileLock', 'rmiObject', 'nativeLibrary'])(
    'no other path mends %s',
    kind => {
      const rollout = new ARollout([oldPod(), newPod()])
      rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
      rollout.tells({}, { webServer: 'none' })
      rollout.go()
      rollout.failed('biz1:2', 'it is taken', { kind } as Clash)
      rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
      expect(rollout.go()).toEqual(['switch to biz1:2'])
    },
  )

  test('WebFlux is learned from it, too', () => {
    const rollout = new ARollout([oldPod(), newPod()])
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    expect(rollout.go()).toEqual(['install biz1:2'])
    rollout.failed('biz1:2', 'Duplicated context path', { kind: 'reactivePath' })
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    expect(rollout.go()).toEqual(['install biz1:2 without web server'])
  })

  test('prove-then-switch never stops what runs unproven, and says so', () => {
    const rollout = rolling(oldPod(), newPod({ annotations: { [ANNOTATION.replace]: 'prove-then-switch' } }))
    expect(rollout.go()).toEqual(['install biz1:2 at /biz1-proof'])
    rollout.failed('biz1:2', NOT_UNIQUE, PATH)
    rollout.tells({ biz1: { path: 'biz1' } })
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    rollout.later(600_000)
    expect(rollout.go()).toEqual([])
    expect(rollout.shown('old')).toMatchObject({ ready: 'True' })
  })

  test('uninstall-first proves nothing', () => {
    const rollout = rolling(oldPod(), newPod({ annotations: { [ANNOTATION.replace]: 'uninstall-first' } }))
    expect(rollout.go()).toEqual(['switch to biz1:2'])
  })
})

describe('a path that belongs to another', () => {
  test.each([
    ['another module', { twin: { path: '/biz1/' } }, '/biz1', 'twin:1'],
    ['the base', {}, '/', 'the base, base'],
  ])(
    '%s: its owner is named, nothing is uninstalled, and nothing is tried while it has it',
    (_who, listed, path, owner) => {
      const rollout = new ARollout([newPod()])
      rollout.runs(...Object.keys(listed).map(name => rollout.biz(`${name}:1`, 'activated')))
      rollout.tells(listed)
      expect(rollout.go()).toEqual(['install biz1:2'])
      rollout.failed('biz1:2', 'Child name [x] is not unique', { kind: 'contextPath', path })
      rollout.runs(...Object.keys(listed).map(name => rollout.biz(`${name}:1`, 'activated')))
      rollout.later(600_000)
      expect(rollout.go()).toEqual([])
      expect(rollout.shown('new')).toMatchObject({ state: 'PathTaken', message: expect.stringContaining(owner) })
    },
  )

  test('once it is free it is tried at once', () => {
    const rollout = new ARollout([newPod()])
    rollout.runs(rollout.biz('twin:1', 'activated'))
    rollout.tells({ twin: { path: 'biz1' } })
    rollout.go()
    rollout.failed('biz1:2', NOT_UNIQUE, PATH)
    rollout.runs(rollout.biz('twin:1', 'activated'))
    expect(rollout.go()).toEqual([])
    rollout.runs()
    expect(rollout.go()).toEqual(['install biz1:2'])
  })

  test('spelled otherwise by a module of another name, it may be no web module: that one is left alone', () => {
    const twin = aPod({ name: 'twin', container: 'twin', version: '1', createdAt: '2026-01-01T00:01:00Z' })
    const rollout = rolling(oldPod(), twin)
    expect(rollout.go()).toEqual(['install twin:1'])
    rollout.installed('twin:1', 'activated', '/biz1')
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS), rollout.biz('twin:1', 'activated', rollout.nowMs))
    expect(rollout.go()).toEqual([])
    expect(rollout.shown('twin')).toMatchObject({ ready: 'True' })
  })

  test('a new version that spells the path otherwise is switched to, not left beside the old one', () => {
    const rollout = new ARollout([oldPod(), newPod()])
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    rollout.later(6_000)
    rollout.record = { ...rollout.record, webPaths: new Map() }
    expect(rollout.go()).toEqual(['install biz1:2'])
    rollout.tells({ biz1: { path: 'biz1' } })
    rollout.installed('biz1:2', 'activated', '/biz1')
    rollout.runs(rollout.biz('biz1:2', 'activated', rollout.nowMs), rollout.biz('biz1:1', 'deactivated', BUILT_AT_MS))
    expect(rollout.shown('new')).toMatchObject({ ready: 'False' })
    rollout.leaseWritten()
    expect(rollout.go()).toEqual(['switch to biz1:2'])
  })

  test('a module that names the path and has no web context does not stand in the way of the one that has it', () => {
    const rollout = rolling()
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS), rollout.biz('batch:1', 'activated'))
    rollout.tells({ biz1: { path: 'biz1' }, batch: { path: 'biz1' } })
    rollout.go()
    rollout.installed('biz1:2', 'deactivated', 'biz1')
    rollout.leaseWritten()
    rollout.runs(...[...rollout.record.bizs.values()])
    expect(rollout.carryOut()).toEqual(['switch to biz1:2'])
  })

  test('a new version that wants it is proved, found out, and removed; the running one serves on', () => {
    const rollout = rolling()
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS), rollout.biz('biz2:1', 'activated'))
    rollout.tells({ biz1: { path: 'biz1' }, biz2: { path: 'biz2' } })
    expect(rollout.go()).toEqual(['install biz1:2 at /biz1-proof'])
    rollout.installed('biz1:2', 'deactivated', '/biz2')
    const both = ['biz1:1', 'biz2:1'].map(key => rollout.biz(key, 'activated', BUILT_AT_MS))
    rollout.runs(...both, rollout.biz('biz1:2', 'deactivated'))
    rollout.leaseWritten()
    expect(rollout.go()).toEqual(['uninstall biz1:2'])
    rollout.uninstalled('biz1:2')
    rollout.runs(...both)
    rollout.later(600_000)
    expect(rollout.go()).toEqual([])
    expect(rollout.shown('new')).toMatchObject({ state: 'PathTaken', message: expect.stringContaining('biz2:1') })
    expect(rollout.shown('old')).toMatchObject({ ready: 'True' })
  })
})

describe('drain-seconds', () => {
  const annotations = { [ANNOTATION.drainSeconds]: '5' }

  test('before a switch the Pods of the module leave their Services so long, and come back after it', () => {
    const rollout = proved('deactivated', oldPod({ annotations }), newPod({ annotations }))
    rollout.leaseWritten()
    expect(rollout.carryOut()).toEqual([])
    expect(rollout.shown('old')).toMatchObject({ ready: 'False', reason: 'Draining', state: 'running' })
    rollout.later(4_900)
    expect(rollout.carryOut()).toEqual([])
    rollout.later(100)
    expect(rollout.carryOut()).toEqual(['switch to biz1:2'])
    rollout.installed('biz1:2', 'activated', 'biz1')
    expect(rollout.shown('new')).toMatchObject({ ready: 'True' })
  })

  test('an uninstall waits as long', () => {
    const rollout = rolling(oldPod({ annotations, deleting: true }))
    expect(rollout.go()).toEqual([])
    rollout.later(5_000)
    expect(rollout.go()).toEqual(['uninstall biz1:1'])
  })

  test('undone in the middle of it: they come back at once', () => {
    const rollout = proved('deactivated', oldPod({ annotations }), newPod({ annotations }))
    rollout.leaseWritten()
    rollout.carryOut()
    rollout.pods = [oldPod({ annotations })]
    rollout.go()
    rollout.uninstalled('biz1:2')
    rollout.runs(rollout.biz('biz1:1', 'activated', BUILT_AT_MS))
    rollout.go()
    expect(rollout.record.drains.size).toBe(0)
    expect(rollout.shown('old')).toMatchObject({ ready: 'True' })
  })
})

test('a module of another kind that is deactivated does not serve', () => {
  const rollout = new ARollout([oldPod()])
  rollout.runs(rollout.biz('biz1:1', 'deactivated', BUILT_AT_MS))
  rollout.tells({ biz1: { path: 'biz1' } }, { webServer: 'none' })
  expect([...rollout.record.bizs.values()].map(biz => isUp(rollout.record, biz))).toEqual([false])
})
