import type { V1Pod } from '@kubernetes/client-node'
import { beforeEach, describe, expect, test } from 'vitest'
import { PodsSeen } from './pods-seen.ts'

const CREATED_AT = new Date('2026-01-01T00:00:00Z')
const aPod = (uid: string, version: string, createdAt = CREATED_AT): V1Pod => ({
  metadata: {
    uid,
    creationTimestamp: createdAt,
    labels: { 'module-controller.koupleless.io/component': 'module' },
  },
  spec: {
    nodeName: 'virtual-node-b1',
    containers: [
      { name: 'biz1', image: `http://x/biz1-${version}.jar`, env: [{ name: 'BIZ_VERSION', value: version }] },
    ],
  },
})

let seen: PodsSeen
const claimed = (atMs: number): boolean =>
  seen.wasClaimed({ nodeName: 'virtual-node-b1', name: 'biz1', version: '1', atMs })

beforeEach(() => {
  seen = new PodsSeen()
})

describe('an uninstall is held against the operator', () => {
  test('where a live Pod had claimed the module for longer than any fault lasts', () => {
    seen.look([aPod('a', '1')], 0)
    seen.look([aPod('a', '1')], 62_000)
    expect(claimed(60_000)).toBe(true)
  })

  test('not where the claim is young', () => {
    seen.look([aPod('a', '1')], 40_000)
    seen.look([aPod('a', '1')], 62_000)
    expect(claimed(60_000)).toBe(false)
  })

  test('not where the Pod goes', () => {
    seen.look([aPod('a', '1')], 0)
    const going = aPod('a', '1')
    seen.look([{ ...going, metadata: { ...going.metadata, deletionTimestamp: CREATED_AT } }], 62_000)
    expect(claimed(60_000)).toBe(false)
  })

  test('not where another version was wanted meanwhile, though nobody wants it any more', () => {
    seen.look([aPod('a', '1'), aPod('b', '2', new Date('2026-01-01T00:01:00Z'))], 10_000)
    seen.look([aPod('a', '1')], 62_000)
    expect(claimed(60_000)).toBe(true)
    seen.look([aPod('a', '1'), aPod('b', '2', new Date('2026-01-01T00:01:00Z'))], 64_000)
    seen.look([aPod('a', '1')], 66_000)
    expect(claimed(65_000)).toBe(false)
  })
})
