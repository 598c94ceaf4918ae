import type { V1Node } from '@kubernetes/client-node'
import { beforeEach, describe, expect, test } from 'vitest'
import { WATCH_LAG_MS } from '../latest.ts'
import { b1, node1, World } from './a-world.ts'

let world: World
beforeEach(() => {
  world = new World()
})

const step = (ms: number): Promise<void> => world.clock.step(ms)

describe('a Node whose labels somebody removed', () => {
  const COMPONENT = 'virtual-kubelet.koupleless.io/component'
  const ENV = 'virtual-kubelet.koupleless.io/env'
  const edit = (change: (node: V1Node) => V1Node): void => {
    const node = world.api.nodesByName.get(node1)
    if (node) world.api.nodesByName.set(node1, change(node))
  }
  const without = (...keys: readonly string[]) =>
    edit(({ metadata, ...node }) => {
      const labels = Object.fromEntries(Object.entries(metadata?.labels ?? {}).filter(([key]) => !keys.includes(key)))
      return { ...node, metadata: { ...metadata, labels } }
    })
  const labels = () => world.api.nodesByName.get(node1)?.metadata?.labels

  beforeEach(async () => {
    world.welcome()
    await world.settle()
    world.api.writes.length = 0
    await step(WATCH_LAG_MS)
  })

  test.each([[[ENV]], [[COMPONENT]], [[ENV, COMPONENT]]])(
    '%j gets them back at once, and is the same Node',
    async keys => {
      const before = world.api.nodesByName.get(node1)?.metadata?.uid
      without(...keys)
      await world.settle()
      expect(labels()).toMatchObject({ [COMPONENT]: 'vnode', [ENV]: 'dev' })
      expect(world.api.nodesByName.get(node1)?.metadata?.uid).toBe(before)
      expect(world.writesOf('patchNode')).toBe(1)
      expect(world.events.filter(({ reason }) => reason === 'NodeNameTaken')).toEqual([])
    },
  )

  test('gets them back also while its base is silent: it was not deleted', async () => {
    world.reach('silent')
    without(ENV)
    await world.settle()
    expect(labels()).toMatchObject({ [ENV]: 'dev' })
    expect(world.registry.get(b1)?.reach.state).toBe('silent')
  })

  test('gets them back while two share the identity, and nothing else of it is touched', async () => {
    world.registry.note(b1, {
      kind: 'noCommands',
      noCommands: { reason: 'DuplicateIdentity', sinceMs: world.clock.now(), message: 'two' },
    })
    await world.settle()
    await step(WATCH_LAG_MS)
    without(ENV, 'base.koupleless.io/name')
    await world.settle()
    expect(labels()).toMatchObject({ [ENV]: 'dev' })
    expect(labels()).not.toHaveProperty('base.koupleless.io/name')
  })

  test.each<[string, (node: V1Node) => V1Node]>([
    ['another identity', ({ metadata, ...node }) => ({ ...node, metadata: { ...metadata, annotations: {} } })],
    ['another provider', node => ({ ...node, spec: { ...node.spec, providerID: 'aws:///i-1' } })],
    ['another uid than our Lease says', ({ metadata, ...node }) => ({ ...node, metadata: { ...metadata, uid: 'x' } })],
    ['another env', ({ metadata, ...node }) => ({ ...node, metadata: { ...metadata, labels: { [ENV]: 'test' } } })],
  ])('that bears %s is somebody else’s, and stays as it is', async (_what, change) => {
    without(COMPONENT)
    edit(change)
    await world.controller.reconcile(node1)
    await step(WATCH_LAG_MS)
    await world.controller.reconcile(node1)
    expect(new Set(world.api.writes)).toEqual(new Set(['createNode']))
    expect(world.events).toContainEqual(expect.objectContaining({ reason: 'NodeNameTaken' }))
    expect(world.api.reads.length).toBeLessThanOrEqual(2)
  })

  test('and Lease is not taken for ours', async () => {
    without(ENV)
    world.api.leasesByName.clear()
    await world.controller.reconcile(node1)
    expect(labels()).not.toHaveProperty(ENV)
  })
})
