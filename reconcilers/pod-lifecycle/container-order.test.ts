import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { ANNOTATION } from '../names.ts'
import { BUILT_AT_MS } from '../registry/a-base.ts'
import { aContainer, aPod, noLookups } from './a-pod.ts'
import { ARollout } from './a-rollout.ts'
import { readModules } from './module-spec.ts'

const two = [aContainer({ container: 'zlib', version: '1' }), aContainer({ container: 'app', version: '1' })]
const ordered = (value = 'true', draft: Parameters<typeof aPod>[0] = {}): V1Pod =>
  aPod({ containers: two, annotations: { [ANNOTATION.ordered]: value }, ...draft })

describe('the containers of a Pod', () => {
  test('are sent in their order', () => {
    expect(new ARollout([aPod({ containers: two })]).go()).toEqual(['install zlib:1', 'install app:1'])
    expect(new ARollout([aPod({ containers: [...two].reverse() })]).go()).toEqual(['install app:1', 'install zlib:1'])
  })

  test('with the annotation each waits until the one before is active, and says so', () => {
    const rollout = new ARollout([ordered()])
    expect(rollout.go()).toEqual(['install zlib:1'])
    expect(rollout.plan.why.join()).toContain('app: wait (container zlib comes first)')

    rollout.installed('zlib:1', 'activated')
    expect(rollout.go()).toEqual(['install app:1'])
  })

  test('one that failed holds up the next until it is mended', () => {
    const rollout = new ARollout([ordered()])
    rollout.go()
    rollout.failed('zlib:1', 'no such class')
    rollout.runs()
    expect(rollout.go()).toEqual([])
    rollout.later(600_000)
    expect(rollout.go()).toEqual(['install zlib:1'])
  })

  test('a new version of the one before comes up first, though the former one serves', () => {
    const rollout = new ARollout([ordered()])
    rollout.go()
    rollout.installed('zlib:1', 'activated')
    rollout.go()
    rollout.installed('app:1', 'activated')
    rollout.runs(...['zlib:1', 'app:1'].map(key => rollout.biz(key, 'activated', BUILT_AT_MS)))
    rollout.tells({})
    const next = two.map(({ name }) => aContainer({ container: name, version: '2' }))
    rollout.pods = [
      ...rollout.pods,
      ordered('true', { name: 'next', createdAt: '2026-01-01T00:01:00Z', containers: next }),
    ]
    expect(rollout.go()).toEqual(['install zlib:2'])
  })

  test('one that another Pod has superseded is waited for no longer', () => {
    const newer = aPod({
      name: 'newer',
      createdAt: '2026-01-01T00:01:00Z',
      containers: [aContainer({ container: 'zlib', version: '2' })],
    })
    const rollout = new ARollout([ordered(), newer])
    rollout.runs(rollout.biz('zlib:2', 'activated', BUILT_AT_MS))
    expect(rollout.go()).toEqual(['install app:1'])
  })

  test('a Pod that asks for no order does not wait for one that does', () => {
    const single = aPod({ name: 'single', containers: [aContainer({ container: 'app', version: '1' })] })
    expect(new ARollout([ordered(), single]).go()).toContain('install app:1')
  })

  test('another value of the annotation is told', () => {
    const [spec] = readModules(ordered('yes'), noLookups.value)
    expect(spec).toMatchObject({ kind: 'invalid', why: 'is "yes": it takes true, false' })
  })
})
