import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { SteppedClock } from '../../reconcilers/loop/stepped-clock.ts'
import { leaseName, nodeName, podKey } from '../../reconcilers/names.ts'
import { ObjectStore, POD_WATCH } from './store.ts'

const KEY = podKey('shop', 'cart')
const HERE = nodeName('virtual-node-a')
const { ours, peers } = POD_WATCH

const aPod = ({ version = 1, uid = 'u1', node = 'virtual-node-a' } = {}): V1Pod => ({
  metadata: { namespace: 'shop', name: 'cart', uid, resourceVersion: String(version) },
  spec: { containers: [], ...(node && { nodeName: node }) },
})

function aStore() {
  const clock = new SteppedClock(1_000)
  return { clock, store: new ObjectStore(clock) }
}

describe('Pods', () => {
  test('are found by key and by Node, and nowhere once gone', () => {
    const { store } = aStore()
    expect(store.putPod(aPod(), ours)).toBe(true)
    expect(store.pod(KEY)?.metadata?.uid).toBe('u1')
    expect(store.podsOn(HERE)).toHaveLength(1)
    expect(store.podKeysOn(HERE)).toEqual([KEY])
    expect(store.removePod(aPod({ version: 2 }), ours)).toBe(true)
    expect(store.pod(KEY)).toBeUndefined()
    expect(store.podsOn(HERE)).toEqual([])
    expect(store.sizes).toEqual({ pods: 0, nodes: 0, leases: 0 })
  })

  test('are seen on their Node from when they are bound, and not from later changes', async () => {
    const { store, clock } = aStore()
    store.putPod(aPod({ node: '' }), ours)
    expect(store.seenAtMs(KEY)).toBeUndefined()
    expect(store.podsOn(HERE)).toEqual([])
    await clock.step(50)
    store.putPod(aPod({ version: 2 }), ours)
    await clock.step(50)
    store.putPod(aPod({ version: 3 }), ours)
    expect(store.seenAtMs(KEY)).toBe(1_050)
    expect(store.podsOn(HERE).map(pod => pod.metadata?.resourceVersion)).toEqual(['3'])
  })

  test('re-created under one name are another Pod, on another Node, seen anew', async () => {
    const { store, clock } = aStore()
    store.putPod(aPod(), ours)
    await clock.step(500)
    store.putPod(aPod({ version: 5, uid: 'u2', node: 'virtual-node-b' }), ours)
    expect(store.podsOn(HERE)).toEqual([])
    expect(store.podsOn(nodeName('virtual-node-b'))).toHaveLength(1)
    expect(store.seenAtMs(KEY)).toBe(1_500)
    // The deletion of the first, told late.
    expect(store.removePod(aPod({ version: 4 }), ours)).toBe(false)
    expect(store.pod(KEY)?.metadata?.uid).toBe('u2')
  })
})

describe('a Pod that bears both labels', () => {
  test('is told once per version', () => {
    const { store } = aStore()
    expect(store.putPod(aPod(), ours)).toBe(true)
    expect(store.putPod(aPod(), peers)).toBe(false)
    expect(store.putPod(aPod({ version: 2 }), peers)).toBe(true)
    expect(store.putPod(aPod({ version: 2 }), ours)).toBe(false)
  })

  test('stays when it leaves one selector, and goes when it leaves the other', () => {
    const { store } = aStore()
    store.putPod(aPod(), ours)
    store.putPod(aPod(), peers)
    expect(store.removePod(aPod({ version: 2 }), ours)).toBe(false)
    expect(store.pod(KEY)).toBeDefined()
    expect(store.removePod(aPod({ version: 3 }), peers)).toBe(true)
    expect(store.podsOn(HERE)).toEqual([])
  })

  test('is not put back by the watch that is behind', () => {
    const { store } = aStore()
    store.putPod(aPod(), peers)
    store.putPod(aPod({ version: 9, node: 'virtual-node-b' }), ours)
    expect(store.putPod(aPod({ version: 4 }), peers)).toBe(false)
    expect(store.pod(KEY)?.metadata?.resourceVersion).toBe('9')
  })

  test('nor is one that it was re-created from', () => {
    const { store } = aStore()
    store.putPod(aPod(), ours)
    store.putPod(aPod(), peers)
    store.putPod(aPod({ version: 9, uid: 'u2' }), ours)
    expect(store.putPod(aPod({ version: 4 }), peers)).toBe(false)
    expect(store.removePod(aPod({ version: 5 }), peers)).toBe(false)
    expect(store.putPod(aPod({ version: 9, uid: 'u2' }), peers)).toBe(false)
    expect(store.removePod(aPod({ version: 10, uid: 'u2' }), peers)).toBe(false)
    expect(store.pod(KEY)?.metadata?.uid).toBe('u2')
  })
})

test('versions that went back, since etcd was restored, are believed', () => {
  const { store } = aStore()
  store.putPod(aPod({ version: 900 }), ours)
  expect(store.putPod(aPod({ version: 20 }), ours)).toBe(true)
  expect(store.pod(KEY)?.metadata?.resourceVersion).toBe('20')
})

test('Nodes and Leases are kept by name', () => {
  const { store } = aStore()
  const node = { metadata: { name: 'virtual-node-a' } }
  expect(store.putNode(node)).toBe(HERE)
  expect(store.putLease(node)).toBe(HERE)
  expect(store.nodes()).toEqual([node])
  expect(store.lease(leaseName(HERE))).toBe(node)
  expect([store.removeNode(node), store.removeLease(node)]).toEqual([HERE, HERE])
  expect([store.node(HERE), store.lease(leaseName(HERE))]).toEqual([undefined, undefined])
})

describe('what the cache may be trusted for', () => {
  test('nothing, before every watch has listed; then as much as the stalest of them', () => {
    const { store } = aStore()
    expect(store.synced).toBe(false)
    const pods = { synced: false, freshAtMs: 0 }
    store.dependOn(pods)
    store.dependOn({ synced: true, freshAtMs: 900 })
    expect([store.synced, store.freshAtMs]).toEqual([false, 0])
    Object.assign(pods, { synced: true, freshAtMs: 700 })
    expect([store.synced, store.freshAtMs]).toEqual([true, 700])
  })
})
