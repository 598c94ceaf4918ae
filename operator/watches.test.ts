import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { SteppedClock } from '../reconcilers/loop/stepped-clock.ts'
import { nodeName, podKey } from '../reconcilers/names.ts'
import { FakeApi } from './kube/a-fake-api.ts'
import { aWitness } from './kube/a-witness.ts'
import { ApiClient } from './kube/api-client.ts'
import type { ResourceEvent, ResourceMeta } from './kube/framework.ts'
import { KubeConfigError, loadKubeConfig } from './kube/kube-config.ts'
import { ObjectStore } from './kube/store.ts'
import { ModuleOperator, type ModuleOperatorOptions } from './watches.ts'

const NEW_LABEL = 'module-controller.koupleless.io/component=module'
const OLD_LABEL = 'virtual-kubelet.koupleless.io/component=module'
const ofEnv = (component: string): string =>
  `virtual-kubelet.koupleless.io/component=${component},virtual-kubelet.koupleless.io/env=prod`
const unbraked = { tryTake: () => true, take: async () => true, takeLow: async () => true }

const aPod = (version: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name: 'cart', uid: 'u1', resourceVersion: String(version), managedFields: [] },
  spec: { nodeName: 'virtual-node-a', containers: [] },
})
const NAMED = { metadata: { name: 'virtual-node-a', uid: 'n1', resourceVersion: '101' } }
const LEASE = { metadata: { ...NAMED.metadata, namespace: 'kube-node-lease' } }

class Opened extends ModuleOperator {
  readonly helpers = {
    status: (meta: ResourceMeta, status: unknown) => this.setResourceStatus(meta, status),
    patchStatus: (meta: ResourceMeta, status: unknown) => this.patchResourceStatus(meta, status),
    finalize: (event: ResourceEvent, done: () => Promise<void>) => this.handleResourceFinalizer(event, 'our/f', done),
  }
}

async function watching({ namespaces = [] }: { namespaces?: readonly string[] } = {}) {
  const fake = await FakeApi.start()
  const clock = new SteppedClock(1_000_000)
  const stop = new AbortController()
  const { log, metrics, lines } = aWitness()
  const store = new ObjectStore(clock)
  const heard: string[] = []
  const credentials = async () => fake.credentials
  const api = new ApiClient({ credentials, brake: unbraked, metrics, clock, log, signal: stop.signal })
  const options: ModuleOperatorOptions = {
    kubeConfig: fake.kubeConfig,
    api,
    reflectorPorts: { api, clock, rng: { next: () => 0 }, metrics, log },
    log,
    store,
    listener: {
      podChanged: ({ metadata }, isGone) => heard.push(`${isGone ? 'gone' : 'pod'} ${metadata?.name}`),
      nodeOrLeaseChanged: name => heard.push(`node or lease ${name}`),
    },
    env: 'prod',
    namespaces,
  }
  const operator = new Opened(options)
  onTestFinished(async () => {
    await operator.stopped()
    stop.abort()
    await api[Symbol.asyncDispose]()
    await fake[Symbol.asyncDispose]()
  })
  const watchOf = (selector: string) =>
    vi.waitFor(() => {
      const found = fake.watches.find(({ query }) => query.get('labelSelector') === selector)
      if (!found) throw new Error(`no watch of ${selector}`)
      return found
    })
  /** Listed, and all four watches open. */
  const started = async (): Promise<void> => {
    await operator.start()
    await vi.waitFor(() => expect(fake.watches).toHaveLength(4))
  }
  return { fake, operator, started, store, heard, lines, clock, watchOf }
}

describe('what is watched', () => {
  test('module Pods by either label, our Nodes and our Leases', async () => {
    const it = await watching()
    expect(it.store.synced).toBe(false)
    await it.operator.start()
    expect(it.store.synced).toBe(true)
    expect(it.fake.lists.map(({ path, query }) => `${path} ${query.get('labelSelector')}`).sort()).toEqual([
      `/api/v1/nodes ${ofEnv('vnode')}`,
      `/api/v1/pods ${NEW_LABEL}`,
      `/api/v1/pods ${OLD_LABEL}`,
      `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases ${ofEnv('vnode-lease')}`,
    ])
  })

  test('Leases are asked for again every ten seconds, all else every 45: one that died is known by not ending', async () => {
    const it = await watching()
    await it.started()
    const seconds = it.fake.watches.map(({ query }) => `${query.get('labelSelector')} ${query.get('timeoutSeconds')}`)
    expect(seconds.sort()).toEqual(
      [`${NEW_LABEL} 45`, `${ofEnv('vnode')} 45`, `${ofEnv('vnode-lease')} 10`, `${OLD_LABEL} 45`].sort(),
    )
  })

  test('Pods of some namespaces only, where that is asked for', async () => {
    const it = await watching({ namespaces: ['shop', 'bar'] })
    await it.operator.start()
    const paths = it.fake.lists.map(({ path }) => path).filter(path => path.includes('/pods'))
    expect(paths.sort()).toEqual(
      ['bar', 'bar', 'shop', 'shop'].map(namespace => `/api/v1/namespaces/${namespace}/pods`),
    )
  })

  test('nothing is synced while one of them may not be listed', async () => {
    const it = await watching()
    it.fake.next.push({ status: 403, body: { message: 'forbidden' } })
    const started = it.operator.start()
    await vi.waitFor(() => expect(it.fake.lists).toHaveLength(4))
    await vi.waitFor(() => expect(it.fake.watches).toHaveLength(3))
    expect(it.store.synced).toBe(false)
    await it.clock.step(1_000)
    await started
    expect(it.store.synced).toBe(true)
  })
})

describe('what changes', () => {
  test('lies in the store before anyone is told, trimmed', async () => {
    const it = await watching()
    await it.started()
    ;(await it.watchOf(NEW_LABEL)).send('ADDED', aPod(101))
    await vi.waitFor(() => expect(it.heard).toEqual(['pod cart']))
    expect(it.store.podsOn(nodeName('virtual-node-a'))).toHaveLength(1)
    expect(it.store.pod(podKey('shop', 'cart'))?.metadata).not.toHaveProperty('managedFields')
  })

  test('of a Pod with both labels is told once, and gone only when both watches say so', async () => {
    const it = await watching()
    await it.started()
    const [newer, older] = [await it.watchOf(NEW_LABEL), await it.watchOf(OLD_LABEL)]
    older.send('ADDED', aPod(101))
    await vi.waitFor(() => expect(it.heard).toEqual(['pod cart']))
    const shownByNewer = (count: number): Promise<void> =>
      vi.waitFor(() => expect(it.operator.reflectors.get('module pods')?.size).toBe(count))
    newer.send('ADDED', aPod(101))
    await shownByNewer(1)
    newer.send('DELETED', aPod(102))
    await shownByNewer(0)
    older.send('MODIFIED', aPod(103))
    await vi.waitFor(() => expect(it.heard).toEqual(['pod cart', 'pod cart']))
    older.send('DELETED', aPod(104))
    await vi.waitFor(() => expect(it.heard).toEqual(['pod cart', 'pod cart', 'gone cart']))
    expect(it.store.sizes.pods).toBe(0)
  })

  test('of a Node or Lease names the Node', async () => {
    const it = await watching()
    await it.started()
    const [nodes, leases] = [await it.watchOf(ofEnv('vnode')), await it.watchOf(ofEnv('vnode-lease'))]
    nodes.send('ADDED', NAMED)
    leases.send('ADDED', LEASE)
    await vi.waitFor(() => expect(it.heard).toHaveLength(2))
    expect(it.store.sizes).toMatchObject({ nodes: 1, leases: 1 })
    nodes.send('DELETED', NAMED)
    leases.send('DELETED', LEASE)
    await vi.waitFor(() => expect(it.store.sizes).toMatchObject({ nodes: 0, leases: 0 }))
    expect(new Set(it.heard)).toEqual(new Set(['node or lease virtual-node-a']))
  })
})

describe('the framework', () => {
  const META: ResourceMeta = {
    id: 'pods.v1',
    name: 'cart',
    namespace: 'shop',
    resourceVersion: '7',
    apiVersion: 'v1',
    kind: 'Pod',
  }
  const answer = { status: 200, body: aPod(8) }

  test('stops within its promise, before its first list too, and ends all connections', async () => {
    const it = await watching()
    for (let count = 0; count < 4; count++) it.fake.next.push('hang')
    const started = it.operator.start()
    await vi.waitFor(() => expect(it.fake.requests).toHaveLength(4))
    await it.operator.stopped()
    await started
    expect(it.store.synced).toBe(false)
  })

  test('is begun with the kubeconfig that was given, though the default one is broken', async () => {
    const home = mkdtempSync(join(tmpdir(), 'koupleless-home-'))
    mkdirSync(join(home, '.kube'))
    writeFileSync(join(home, '.kube', 'config'), '{ broken')
    for (const [name, value] of [
      ['HOME', home],
      ['KUBECONFIG', ''],
    ] as const)
      vi.stubEnv(name, value)
    onTestFinished(() => {
      vi.unstubAllEnvs()
      rmSync(home, { recursive: true })
    })
    const it = await watching()
    await it.started()
    expect(() => loadKubeConfig(undefined)).toThrow(KubeConfigError)
  })

  test('its status helpers reach the object', async () => {
    const it = await watching()
    await it.started()
    it.fake.next.push(answer, answer)
    expect(await it.operator.helpers.patchStatus(META, { phase: 'Running' })).toMatchObject({ resourceVersion: '8' })
    await it.operator.helpers.status(META, { phase: 'Failed' })
    const [patch, set] = it.fake.requests.slice(-2)
    expect(patch).toMatchObject({ method: 'PATCH', path: '/api/v1/namespaces/shop/pods/cart/status' })
    expect(JSON.parse(set?.body ?? '')).toEqual({ metadata: { resourceVersion: '7' }, status: { phase: 'Failed' } })
  })

  test('its finalizer helper overwrites nobody’s, and changes no cached object', async () => {
    const it = await watching()
    await it.started()
    const object = aPod(7)
    it.fake.next.push(answer)
    await it.operator.helpers.finalize(
      { type: 'ADDED' as ResourceEvent['type'], object, meta: META },
      async () => undefined,
    )
    expect(JSON.parse(it.fake.requests.at(-1)?.body ?? '')).toEqual({
      metadata: { resourceVersion: '7', finalizers: ['our/f'] },
    })
    expect(object.metadata).not.toHaveProperty('finalizers')
  })
})
