import { expect, test } from 'vitest'
import { nodeName } from '../names.ts'
import { ranked } from './rendezvous.ts'
import { clientOf, holderOf, memberName } from './replica-id.ts'

const BASES = Array.from({ length: 3_000 }, (_, at) => nodeName(`virtual-node-10.0.${at >> 8}.${at & 255}`))
const REPLICAS = ['op-a_1', 'op-b_1', 'op-c_1']
const best = (replicas: readonly string[]) => BASES.map(base => ranked(base, replicas)[0])

test('each of three has about a third', () => {
  for (const replica of REPLICAS) {
    const share = best(REPLICAS).filter(one => one === replica).length / BASES.length
    expect(share).toBeGreaterThan(0.3)
    expect(share).toBeLessThan(0.37)
  }
})

test('a fourth takes its own share and moves nothing else', () => {
  const before = best(REPLICAS)
  const moved = best([...REPLICAS, 'op-d_1']).filter((one, at) => one !== before[at])
  expect(new Set(moved)).toEqual(new Set(['op-d_1']))
  expect(moved.length / BASES.length).toBeLessThan(0.3)
})

test('a new life of the same client has the same share', () => {
  const next = best(['op-a_2', 'op-b_9', 'op-c_7']).map(one => one && clientOf(one))
  expect(next).toEqual(best(REPLICAS).map(one => one && clientOf(one)))
})

test('a client may bear underscores, and its Lease a name that Kubernetes takes', () => {
  expect(clientOf(holderOf('my_op', 'life'))).toBe('my_op')
  expect(memberName('dev', 'My_Op.7')).toMatch(/^replica-dev-my-op-7-[0-9a-f]{8}$/)
  expect(memberName('dev', 'my-op-7')).not.toBe(memberName('dev', 'My_Op.7'))
})
