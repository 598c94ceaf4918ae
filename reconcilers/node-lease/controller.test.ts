import { beforeEach, describe, expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { WATCH_LAG_MS } from '../latest.ts'
import { alone } from '../ownership.ts'
import { ApiError, type Cluster, type Store } from '../ports.ts'
import { aBase, aHeartSaying, anObservation, BUILT_AT_MS } from '../registry/a-base.ts'
import { aLease, aNode, someSettings } from './a-node.ts'
import { b1, node1, silentLog, World } from './a-world.ts'
import { NodeLeaseController } from './controller.ts'

let world: World
beforeEach(() => {
  world = new World()
})

const step = (ms: number): Promise<void> => world.clock.step(ms)

test('a base costs two writes to appear, and four a minute to stay', async () => {
  world.welcome()
  await world.settle()
  expect(world.api.writes).toEqual(['createNode', 'createLease'])
  world.api.writes.length = 0
  for (let ms = 0; ms < 600_000; ms += 500) {
    await step(500)
    await world.controller.reconcile(node1)
  }
  expect(new Set(world.api.writes)).toEqual(new Set(['replaceLease']))
  expect(world.api.writes).toHaveLength(40)
})

test('its arrival is told', async () => {
  world.welcome()
  await world.settle()
  expect(world.events).toMatchObject([{ reason: 'BaseRegistered', message: 'Base b1 at 10.0.0.1 is registered' }])
})

test('a base without an address that others can use gets its Node, and one Event that names what it says', async () => {
  world.hear(aHeartSaying('127.0.1.1'))
  world.hear(anObservation('health'))
  world.reach('heard')
  world.registry.note(b1, { kind: 'foreign', keys: new Set() })
  const toldOf = () => world.events.filter(({ reason }) => reason === 'NoAddress')
  for (let beat = 1; beat < 5; beat += 1) {
    await world.settle()
    world.hear(aHeartSaying('127.0.1.1', { publishedAtMs: BUILT_AT_MS + beat }))
  }
  expect(world.api.nodesByName.get(node1)?.status?.addresses).toEqual([{ type: 'Hostname', address: 'b1' }])
  expect(toldOf()).toMatchObject([{ type: 'Warning', message: expect.stringContaining('"127.0.1.1"') }])
  expect(world.finds).toEqual([])
  // Once it has one and loses it, that is news.
  world.hear(anObservation('heart', { publishedAtMs: BUILT_AT_MS + 10 }))
  await world.settle()
  world.hear(aHeartSaying('127.0.1.1', { publishedAtMs: BUILT_AT_MS + 20 }))
  await world.settle()
  expect(toldOf()).toHaveLength(2)
})

test('what we wrote is not written again while the watch is behind', async () => {
  world.welcome()
  world.api.watching = false
  await world.settle()
  await world.settle()
  expect(world.api.writes).toEqual(['createNode', 'createLease'])
})

test('renewals are spread by up to a tenth, and never come before they are due', async () => {
  world.found.push({ namespace: 'shop', name: 'base-0', uid: 'uid-0', nodeName: 'worker-1' })
  world.welcome()
  const outcome = await world.settle()
  expect(outcome.requeueAfterMs).toBe(15_000 + 750)
})

describe('what others do to its objects', () => {
  beforeEach(async () => {
    world.welcome()
    await world.settle()
    world.api.writes.length = 0
    await step(WATCH_LAG_MS)
  })

  test('a Node deleted by hand comes back at once, and the record is kept', async () => {
    world.api.nodesByName.delete(node1)
    world.api.leasesByName.delete(node1)
    await world.settle()
    expect(world.api.writes).toEqual(['createNode', 'createLease'])
    expect(world.registry.get(b1)?.reach.state).toBe('heard')
  })

  test('a Node deleted by hand while its base is silent stays away: the base counts as dead', async () => {
    world.reach('silent')
    world.api.nodesByName.delete(node1)
    await world.settle()
    expect(world.registry.get(b1)?.reach.state).toBe('dead')
    expect(world.events.at(-1)).toMatchObject({ reason: 'BaseDead' })
    expect(world.writesOf('createNode')).toBe(0)
  })

  test('a cache that is behind deletes nobody', async () => {
    world.reach('silent')
    world.api.nodesByName.delete(node1)
    world.freshAtMs = world.clock.now() - 600_000
    await world.settle()
    expect(world.registry.get(b1)?.reach.state).toBe('silent')
  })

  test('a Lease that is gone is made anew', async () => {
    world.api.leasesByName.delete(node1)
    await world.settle()
    expect(world.api.writes).toEqual(['createLease'])
  })

  test('a Lease deleted between our look and our write is no failure', async () => {
    await step(15_000)
    world.api.refusals.push(new ApiError(404, 'NotFound'))
    const outcome = await world.controller.reconcile(node1)
    expect(outcome).toMatchObject({ requeueAfterMs: 200 })
  })

  test('a lost write race is thrown for the loop to retry, and the next run starts from the cache', async () => {
    await step(15_000)
    world.api.refusals.push(new ApiError(409, 'Conflict'))
    await expect(world.controller.reconcile(node1)).rejects.toThrow('Conflict')
    await world.settle()
    expect(world.api.writes).toEqual(['replaceLease', 'replaceLease'])
  })

  test('foreign modules reach the Lease at once', async () => {
    world.registry.note(b1, { kind: 'foreign', keys: new Set([bizKey('static', '1.0.0')]) })
    await world.settle()
    expect(world.api.leasesByName.get(node1)?.metadata?.annotations).toEqual({
      'module-controller.koupleless.io/foreign-modules': '["static:1.0.0"]',
    })
  })

  test('a dead base loses Lease and Node once its Pods are gone, and nothing is written afterwards', async () => {
    world.reach('dead')
    world.podsLeft = 1
    await world.settle()
    expect(world.api.writes).toEqual([])
    world.podsLeft = 0
    await world.settle()
    await world.settle()
    expect(world.api.writes).toEqual(['deleteLease', 'deleteNode'])
  })

  test('a base that speaks while its Lease is being deleted keeps its Node', async () => {
    world.reach('dead')
    world.api.meanwhile = write => void (write === 'deleteLease' && world.reach('heard'))
    await world.settle()
    await world.settle()
    expect(world.api.writes).toEqual(['deleteLease', 'createLease'])
  })

  test('a dead base that returns gets its Node back', async () => {
    world.reach('dead')
    await world.settle()
    world.reach('heard')
    await world.settle()
    expect(world.api.writes).toEqual(['deleteLease', 'deleteNode', 'createNode', 'createLease'])
  })
})

describe('a Node of the same name', () => {
  test('that bears another identity is refused with an Event', async () => {
    const node = aNode({ id: 'B1' })
    world.api.nodesByName.set(node1, { ...node, metadata: { ...node.metadata, name: node1 } })
    world.welcome()
    const outcome = await world.controller.reconcile(node1)
    expect(world.api.writes).toEqual([])
    expect(world.events).toMatchObject([{ reason: 'NodeNameTaken' }])
    expect(outcome.plan).toBe('refuse')
  })

  test('that our watch does not even show is told of when the watch has had its time', async () => {
    world.welcome()
    world.api.watching = false
    world.api.nodesByName.set(node1, { metadata: { name: node1 } })
    expect(await world.controller.reconcile(node1)).toMatchObject({ requeueAfterMs: 200 })
    expect(world.events).toEqual([])
    await step(WATCH_LAG_MS)
    await world.controller.reconcile(node1)
    expect(world.events).toMatchObject([{ reason: 'NodeNameTaken' }])
  })
})

describe('the base’s own Pod', () => {
  const ownPod = { namespace: 'shop', name: 'base-0', uid: 'uid-0', nodeName: 'worker-1' }

  test('is found before the Node is made, which thus lies in its zone from the start', async () => {
    world.found.push(ownPod)
    world.welcome()
    await world.settle()
    expect(world.api.nodesByName.get(node1)?.metadata).toMatchObject({
      labels: { 'base.koupleless.io/ip': '10.0.0.1' },
      annotations: { 'base.koupleless.io/pod': 'shop/base-0/uid-0' },
    })
    expect(world.writesOf('patchNode')).toBe(0)
    expect(world.registry.get(b1)?.basePod).toEqual(ownPod)
  })

  test('is looked for again for a minute, then never more', async () => {
    world.welcome()
    await world.settle()
    for (let ms = 0; ms < 300_000; ms += 1_000) {
      await step(1_000)
      await world.controller.reconcile(node1)
    }
    expect(world.finds).toHaveLength(5)
    expect(world.registry.get(b1)).toMatchObject({ basePodSettled: true })
    expect(world.registry.get(b1)?.basePod).toBeUndefined()
  })

  test('is looked for again later where too many look at once, and the first look waits for nobody', async () => {
    world.hasRoomToLook = false
    world.welcome()
    await world.settle()
    await step(2_000)
    expect(await world.controller.reconcile(node1)).toMatchObject({ requeueAfterMs: 1_500 })
    expect(world.finds).toHaveLength(1)
    world.hasRoomToLook = true
    await step(1_500)
    await world.controller.reconcile(node1)
    expect(world.finds).toHaveLength(2)
  })

  test('is another one when the base comes back under a new address', async () => {
    world.found.push(ownPod)
    world.welcome()
    await world.settle()
    world.found.push({ ...ownPod, uid: 'uid-1' })
    world.hear(anObservation('heart', { ip: '10.0.0.2', publishedAtMs: BUILT_AT_MS + 5 }))
    await world.settle()
    expect(world.finds).toEqual(['10.0.0.1', '10.0.0.2'])
    expect(world.registry.get(b1)?.basePod?.uid).toBe('uid-1')
  })

  test('that cannot be looked up keeps no base from becoming a Node', async () => {
    world.welcome()
    const broken = { find: async () => Promise.reject(new ApiError(403, 'forbidden')) }
    Object.assign(world.found, { shift: () => broken.find() })
    await world.settle()
    expect(world.writesOf('createNode')).toBe(1)
  })
})

test('after our restart nothing but the Lease is written for a Node whose base is not heard yet', async () => {
  world.api.nodesByName.set(node1, aNode())
  world.api.leasesByName.set(node1, aLease(BUILT_AT_MS - 3_600_000))
  world.registry.adopt(aBase({ reach: { state: 'unproven', sinceMs: BUILT_AT_MS, why: 'adopted' } }))
  await world.settle()
  expect(world.api.writes).toEqual(['replaceLease'])
})

test('nothing is done before the caches have synced', async () => {
  world.welcome()
  const unsynced = new NodeLeaseController({
    registry: world.registry,
    ownership: alone('operator-1'),
    store: { synced: false } as Store,
    cluster: world.api as unknown as Cluster,
    basePods: { find: async () => undefined, state: () => 'unknown', topologyOf: async () => ({}) },
    furtherLooks: { tryTake: () => true },
    events: { emit: () => {} },
    clock: world.clock,
    rng: { next: () => 0 },
    log: silentLog,
    settings: someSettings(),
  })
  expect(await unsynced.reconcile(node1)).toMatchObject({ plan: 'none' })
  expect(world.api.writes).toEqual([])
})
