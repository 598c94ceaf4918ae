import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { SteppedClock } from '../../reconcilers/loop/stepped-clock.ts'
import { ApiError } from '../../reconcilers/ports.ts'
import { aWitness } from './a-witness.ts'
import type { ApiRequest } from './api-client.ts'
import { KubeBasePods } from './base-pods.ts'

const REF = { namespace: 'bases', name: 'base-0', uid: 'u1' }

interface PodOptions {
  readonly uid?: string
  readonly node?: string
  readonly spec?: object
  readonly metadata?: object
  readonly phase?: string
}
const aPod = ({ uid = 'u1', node = 'worker-1', spec, metadata, phase = 'Running' }: PodOptions = {}): V1Pod => ({
  metadata: { namespace: 'bases', name: 'base-0', uid, resourceVersion: '5', ...metadata },
  spec: { containers: [], nodeName: node, ...spec },
  status: { phase },
})

/** `answers`: by a part of the path, other than those of the watch of a namespace. */
function basePods(answers: (path: string) => unknown = () => ({ items: [] })) {
  const clock = new SteppedClock(1_000_000)
  const stop = new AbortController()
  const { log, metrics, lines } = aWitness()
  const asked: string[] = []
  const changed: string[] = []
  const watches: { path: string; send: (type: string, object: object) => void }[] = []
  const shown: { items: V1Pod[]; failure?: ApiError } = { items: [] }
  const api = {
    async json<T>({ path, accept }: ApiRequest): Promise<T> {
      const decoded = decodeURIComponent(path)
      if (accept) {
        if (shown.failure) throw shown.failure
        return { items: shown.items, metadata: { resourceVersion: '9' } } as T
      }
      asked.push(decoded)
      const answer = answers(decoded)
      const isList = typeof answer === 'object' && answer !== null && 'items' in answer
      return (isList ? { metadata: { resourceVersion: '9' }, ...answer } : answer) as T
    },
    stream({ path, signal }: ApiRequest, onChunk: (chunk: Buffer) => void): Promise<void> {
      const send = (type: string, object: object) => onChunk(Buffer.from(`${JSON.stringify({ type, object })}\n`))
      watches.push({ path, send })
      return new Promise(resolve => signal?.addEventListener('abort', () => resolve()))
    },
  }
  const reflectorPorts = { api, clock, rng: { next: () => 0 }, metrics, log }
  const store = { node: (name: string) => (name === 'virtual-node-a' ? { metadata: { name } } : undefined) }
  const onChange = (uid: string) => changed.push(uid)
  const pods = new KubeBasePods({ api, reflectorPorts, store, log, signal: stop.signal, onChange })
  onTestFinished(async () => {
    stop.abort()
    await pods.stopped()
  })
  return { pods, clock, asked, changed, watches, shown, lines }
}

describe('the Pod of a base is found by its address', () => {
  test('on a real Node', async () => {
    const it = basePods(() => ({ items: [aPod()] }))
    expect(await it.pods.find('10.0.0.7', 'base-0')).toEqual({ ...REF, nodeName: 'worker-1' })
    expect(it.asked).toEqual(['/api/v1/pods?fieldSelector=status.podIP=10.0.0.7,status.phase=Running'])
  })

  test.each([
    ['one of our own Nodes', { node: 'virtual-node-a' }],
    ['a whole machine', { spec: { hostNetwork: true } }],
    ['no Node', { spec: { nodeName: undefined } }],
    ['a module', { metadata: { labels: { 'virtual-kubelet.koupleless.io/component': 'module' } } }],
    [
      'a module by its newer label',
      { metadata: { labels: { 'module-controller.koupleless.io/component': 'module' } } },
    ],
    ['one that is leaving', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }],
  ])('but not %s', async (_what, options) => {
    const it = basePods(() => ({ items: [aPod(options)] }))
    expect(await it.pods.find('10.0.0.7', 'base-0')).toBeUndefined()
    const both = basePods(() => ({ items: [aPod(options), aPod()] }))
    expect(await both.pods.find('10.0.0.7', 'base-0')).toEqual({ ...REF, nodeName: 'worker-1' })
  })

  test('nor where two bear one address', async () => {
    const it = basePods(() => ({ items: [aPod(), aPod({ uid: 'u2' })] }))
    expect(await it.pods.find('10.0.0.7', 'base-0')).toBeUndefined()
  })

  test.each([
    ['another', 'vm-17', {}],
    ['none', '', {}],
    ['one that only begins alike', 'base-01', {}],
    ['its name, where it has a host name of its own', 'base-0', { hostname: 'jvm' }],
  ])('nor where the base tells %s as its host name', async (_what, told, spec) => {
    const it = basePods(() => ({ items: [aPod({ spec })] }))
    expect(await it.pods.find('10.0.0.7', told)).toBeUndefined()
  })

  test.each([
    ['in full', 'base-0.bases.svc.cluster.local', {}],
    ['its own', 'jvm', { spec: { hostname: 'jvm' } }],
    ['cut as the kubelet cuts it', 'b'.repeat(62), { metadata: { name: `${'b'.repeat(62)}-${'c'.repeat(20)}` } }],
  ])('also by a host name that is %s', async (_what, told, options) => {
    const it = basePods(() => ({ items: [aPod(options)] }))
    expect(await it.pods.find('10.0.0.7', told)).toMatchObject({ uid: 'u1' })
  })

  test('nor where we may not look; other failures are the caller’s to retry', async () => {
    const failing = (status: number) =>
      basePods(() => {
        throw new ApiError(status, 'no')
      })
    expect(await failing(403).pods.find('10.0.0.7', 'base-0')).toBeUndefined()
    await expect(failing(500).pods.find('10.0.0.7', 'base-0')).rejects.toThrow(ApiError)
  })
})

describe('whether it runs', () => {
  test('is unknown at first, then told; one metadata watch serves a namespace', async () => {
    const it = basePods(() => ({ items: [aPod()] }))
    it.shown.items = [aPod(), aPod({ uid: 'u2', metadata: { name: 'base-1' } })]
    expect(it.pods.state(REF)).toBe('unknown')
    await vi.waitFor(() => expect(it.changed).toEqual(['u1']))
    expect(it.pods.state(REF)).toBe('running')
    expect(it.pods.state({ ...REF, name: 'base-1', uid: 'u2' })).toBe('running')
    expect(it.watches).toHaveLength(1)
    expect(it.watches[0]?.path).toContain('/api/v1/namespaces/bases/pods?')
    expect(it.watches[0]?.path).toContain('fieldSelector=status.phase%3DRunning')
  })

  test('is ended when it is gone, and whoever asked is woken; others come and go unheeded', async () => {
    const alive = { items: [aPod()] }
    const it = basePods(() => alive)
    it.shown.items = [aPod(), aPod({ uid: 'other', metadata: { name: 'other' } })]
    it.pods.state(REF)
    await vi.waitFor(() => expect(it.pods.state(REF)).toBe('running'))
    const asked = it.asked.length
    it.watches[0]?.send('DELETED', aPod({ uid: 'other', metadata: { name: 'other', resourceVersion: '10' } }))
    expect(it.asked).toHaveLength(asked)
    alive.items = []
    it.watches[0]?.send('DELETED', aPod({ metadata: { resourceVersion: '11' } }))
    await vi.waitFor(() => expect(it.pods.state(REF)).toBe('ended'))
    expect(it.changed).toEqual(['u1', 'u1'])
  })

  const going = { deletionTimestamp: '2026-01-01T00:00:00Z' }

  test('is leaving from its deletion on until it is gone, and whoever asked is woken once', async () => {
    const alive = { items: [aPod()] }
    const it = basePods(() => alive)
    it.shown.items = [aPod()]
    it.pods.state(REF)
    await vi.waitFor(() => expect(it.pods.state(REF)).toBe('running'))
    it.watches[0]?.send('MODIFIED', aPod({ metadata: { ...going, resourceVersion: '10' } }))
    expect(it.pods.state(REF)).toBe('leaving')
    expect(it.changed).toEqual(['u1', 'u1'])
    it.watches[0]?.send('MODIFIED', aPod({ metadata: { ...going, resourceVersion: '11' } }))
    expect(it.changed).toEqual(['u1', 'u1'])
    alive.items = []
    it.watches[0]?.send('DELETED', aPod({ metadata: { ...going, resourceVersion: '12' } }))
    expect(it.pods.state(REF)).toBe('leaving')
    await vi.waitFor(() => expect(it.pods.state(REF)).toBe('ended'))
  })

  test('is leaving where only the API server itself shows it so', async () => {
    const it = basePods(() => ({ items: [aPod({ metadata: going, phase: 'Pending' })] }))
    expect(it.pods.state(REF)).toBe('unknown')
    await vi.waitFor(() => expect(it.pods.state(REF)).toBe('leaving'))
    expect(it.changed).toEqual(['u1'])
  })

  test.each(['Succeeded', 'Failed'])('is ended when its phase is %s', async phase => {
    const it = basePods(() => ({ items: [aPod({ phase })] }))
    it.pods.state(REF)
    await vi.waitFor(() => expect(it.pods.state(REF)).toBe('ended'))
  })

  test('is ended when another Pod bears its name', async () => {
    const it = basePods(() => ({ items: [aPod({ uid: 'u2' })] }))
    it.pods.state(REF)
    await vi.waitFor(() => expect(it.pods.state(REF)).toBe('ended'))
  })

  test('is not ended while it is Pending once more, and running when it is back', async () => {
    const pod = { items: [aPod()] }
    const it = basePods(() => pod)
    it.shown.items = [aPod()]
    it.pods.state(REF)
    await vi.waitFor(() => expect(it.pods.state(REF)).toBe('running'))
    pod.items = [aPod({ phase: 'Pending' })]
    it.watches[0]?.send('DELETED', aPod({ metadata: { resourceVersion: '11' } }))
    expect(it.pods.state(REF)).toBe('unknown')
    await it.clock.step(1_000)
    expect(it.pods.state(REF)).toBe('unknown')
    it.watches[0]?.send('ADDED', aPod({ metadata: { resourceVersion: '12' } }))
    expect(it.pods.state(REF)).toBe('running')
  })

  test('is never taken for ended because the API server does not answer, or forbids', async () => {
    const it = basePods(() => {
      throw new ApiError(403, 'forbidden')
    })
    it.shown.failure = new ApiError(403, 'forbidden')
    for (let look = 0; look < 3; look++) {
      expect(it.pods.state(REF)).toBe('unknown')
      await it.clock.step(60_000)
    }
    expect(it.asked).toHaveLength(3)
    expect(it.changed).toEqual([])
  })

  test('is asked again where it may have ended unseen between two lists', async () => {
    const pod = { items: [aPod()] }
    const it = basePods(() => pod)
    expect(it.pods.state(REF)).toBe('unknown')
    await it.clock.step(1_000)
    pod.items = []
    expect(it.pods.state(REF)).toBe('unknown')
    expect(it.asked).toHaveLength(1)
    await it.clock.step(15_000)
    it.pods.state(REF)
    await vi.waitFor(() => expect(it.pods.state(REF)).toBe('ended'))
  })
})

describe('where it runs', () => {
  test('is the zone and region of its Node, read once', async () => {
    const labels = { 'topology.kubernetes.io/zone': 'z1', 'kubernetes.io/os': 'linux' }
    const it = basePods(() => ({ metadata: { name: 'worker-1', uid: 'n1', resourceVersion: '1', labels } }))
    expect(await it.pods.topologyOf('worker-1')).toEqual({ 'topology.kubernetes.io/zone': 'z1' })
    await it.pods.topologyOf('worker-1')
    expect(it.asked).toEqual(['/api/v1/nodes/worker-1'])
  })

  test('is nothing where we may not look', async () => {
    const it = basePods(() => {
      throw new ApiError(403, 'forbidden')
    })
    expect(await it.pods.topologyOf('worker-1')).toEqual({})
  })
})
