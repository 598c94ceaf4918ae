import type { CoreV1Event, V1Node, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { LABEL, nodeName } from '../names.ts'
import { alone } from '../ownership.ts'
import { aPod } from './a-pod.ts'
import { UnmanagedPods, type UnmanagedPodsOptions } from './unmanaged-pods.ts'

const NODE = nodeName('virtual-node-b1')
const node: V1Node = { metadata: { name: NODE } }

function aLook(pods: readonly V1Pod[], store: Partial<UnmanagedPodsOptions['store']> = {}) {
  const told: CoreV1Event[] = []
  const deleted: string[] = []
  const listed: string[] = []
  const reconciler = new UnmanagedPods({
    ownership: alone('operator-1'),
    store: { synced: true, node: () => node, nodes: () => [node], ...store },
    cluster: {
      listPodsOn: async name => {
        listed.push(name)
        return pods
      },
      deletePod: async (key, uid) => void deleted.push(`${key} ${uid}`),
    },
    events: { emit: event => void told.push(event) },
    rng: { next: () => 0.5 },
  })
  return { reconciler, told, deleted, listed }
}

describe('a Pod on our Node that is no module', () => {
  test('is told once which affinity keeps it away, and left alone', async () => {
    const it = aLook([aPod({ name: 'agent' })])
    await it.reconciler.reconcile(NODE)
    await it.reconciler.reconcile(NODE)
    expect(it.told.map(({ reason, involvedObject }) => [reason, involvedObject.name])).toEqual([
      ['UnmanagedModule', 'agent'],
    ])
    expect(it.told[0]?.message).toContain('NotIn')
    expect(it.deleted).toEqual([])
  })

  test('is released when it is being deleted, since no kubelet will', async () => {
    const it = aLook([aPod({ name: 'agent', deleting: true })])
    const outcome = await it.reconciler.reconcile(NODE)
    expect(it.deleted).toEqual(['default/agent uid-agent'])
    expect(it.told).toEqual([])
    expect(outcome).toMatchObject({ plan: 'release 1', requeueAfterMs: 60_000 })
  })
})

test.each([LABEL.component, LABEL.componentOurs])('a module (%s) is the business of others', async label => {
  const it = aLook([aPod({ deleting: true, labels: { [label]: 'module' } })])
  await it.reconciler.reconcile(NODE)
  expect([it.told, it.deleted]).toEqual([[], []])
})

test('nothing is asked before the cache has synced', async () => {
  const it = aLook([aPod()], { synced: false })
  await it.reconciler.reconcile(NODE)
  expect(it.listed).toEqual([])
})

test('a Node that is gone is looked at no more', async () => {
  const it = aLook([aPod()], { node: () => undefined })
  expect(await it.reconciler.reconcile(NODE)).toMatchObject({ gone: true })
  expect(it.listed).toEqual([])
})

test('of very many Nodes each is looked at more rarely', async () => {
  const it = aLook([], { nodes: () => Array.from({ length: 5_000 }, () => node) })
  expect(await it.reconciler.reconcile(NODE)).toMatchObject({ requeueAfterMs: 250_000 })
})
