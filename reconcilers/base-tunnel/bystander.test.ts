import type { V1Lease } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { type BizKey, bizKey } from '../../mqtt-bridge/index.ts'
import { aBase, BUILT_AT_MS } from '../registry/a-base.ts'
import { decideBystander } from './bystander.ts'

const shipped = new Set<BizKey>([bizKey('shipped', '1')])
const heldBy = (holderIdentity: string): V1Lease => ({ spec: { holderIdentity } })
const decide = (lease: V1Lease | undefined, foreign: ReadonlySet<BizKey> | undefined) =>
  decideBystander({
    record: aBase({ foreign: shipped }),
    hasNode: lease !== undefined,
    lease,
    foreign,
    us: 'op-1',
    nowMs: BUILT_AT_MS,
  })

test('what another replica tells of the modules that are not ours is taken over', () => {
  expect(decide(heldBy('op-2'), new Set()).notes).toEqual([{ kind: 'foreign', keys: new Set() }])
  expect(decide(heldBy('op-2'), shipped).notes).toEqual([])
  expect(decide(heldBy('op-2'), undefined).notes).toEqual([])
})

test('what a Lease in our own name tells is an older word of ours, where the cache is behind', () => {
  expect(decide(heldBy('op-1'), new Set()).notes).toEqual([])
})
