import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { MEMORY_NAME } from '../../reconcilers/base-tunnel/memory.ts'
import { SteppedClock } from '../../reconcilers/loop/stepped-clock.ts'
import { leaseName, nodeName, podKey } from '../../reconcilers/names.ts'
import { ApiError } from '../../reconcilers/ports.ts'
import type { ApiRequest } from './api-client.ts'
import { KubeCluster } from './cluster.ts'

const NODE = nodeName('virtual-node-a')
const POD = podKey('shop', 'cart')
const POD_PATH = '/api/v1/namespaces/shop/pods/cart'
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
const base64 = (text: string): string => Buffer.from(text).toString('base64')

type Answer = (request: ApiRequest) => unknown

const WRITTEN = { metadata: { name: 'cart', namespace: 'shop', uid: 'u1', resourceVersion: '8' } }

function aCluster(
  answer: Answer = () => structuredClone(WRITTEN),
  extra: { env?: string; namespaces?: readonly string[] } = {},
) {
  const sent: (Omit<ApiRequest, 'body'> & { body?: unknown })[] = []
  const take = (request: ApiRequest): unknown => {
    const { body, ...rest } = request
    sent.push({ ...rest, path: decodeURIComponent(rest.path), ...(body !== undefined && { body: JSON.parse(body) }) })
    return answer(request)
  }
  const api = {
    json: async <T>(request: ApiRequest): Promise<T> => take(request) as T,
    send: async (request: ApiRequest): Promise<Buffer> => Buffer.from(JSON.stringify(take(request) ?? {})),
  }
  const clock = new SteppedClock(1_000)
  const options = { api, clock, ownNamespace: 'ours', env: 'prod', namespaces: [], ...extra }
  return { cluster: new KubeCluster(options), sent }
}

const refusing = (status: number, message = 'no'): Answer => {
  return () => {
    throw new ApiError(status, message)
  }
}

describe('Nodes and Leases', () => {
  test('are created as given', async () => {
    const identity = { name: NODE, namespace: 'kube-node-lease', uid: 'n1', resourceVersion: '8' }
    const { cluster, sent } = aCluster(() => ({ metadata: { ...identity, managedFields: [] } }))
    expect(await cluster.createNode({ metadata: { name: NODE } })).toEqual({ metadata: identity })
    await cluster.createLease({ metadata: { name: NODE } })
    expect(sent).toMatchObject([
      { method: 'POST', path: '/api/v1/nodes', verb: 'create', resource: 'nodes', body: { metadata: { name: NODE } } },
      { method: 'POST', path: LEASES, verb: 'create', resource: 'leases' },
    ])
  })

  test('a Node is read past the watch, trimmed; one that is not there is none', async () => {
    const { cluster, sent } = aCluster(() => ({
      metadata: { name: NODE, uid: 'n1', resourceVersion: '8', managedFields: [] },
      status: { images: [] },
    }))
    expect(await cluster.readNode(NODE)).toEqual({
      metadata: { name: NODE, uid: 'n1', resourceVersion: '8' },
      status: {},
    })
    expect(sent).toMatchObject([{ method: 'GET', path: `/api/v1/nodes/${NODE}`, verb: 'get', resource: 'nodes' }])
    expect(await aCluster(refusing(404)).cluster.readNode(NODE)).toBeUndefined()
    await expect(aCluster(refusing(403)).cluster.readNode(NODE)).rejects.toThrow('no')
  })

  test('patches go under the type that says how lists are merged', async () => {
    const { cluster, sent } = aCluster()
    await cluster.patchNode(NODE, { type: 'merge', body: { spec: { taints: [] } } })
    await cluster.patchNodeStatus(NODE, { type: 'strategic', body: { status: {} } })
    expect(sent.map(({ method, path, contentType }) => [method, path, contentType])).toEqual([
      ['PATCH', `/api/v1/nodes/${NODE}`, 'application/merge-patch+json'],
      ['PATCH', `/api/v1/nodes/${NODE}/status`, 'application/strategic-merge-patch+json'],
    ])
  })

  test('a Lease is put under the version that was read, its times with six digits', async () => {
    const { cluster, sent } = aCluster()
    const { MicroTime } = await import('../../reconcilers/times.ts')
    const renewTime = new MicroTime(1_700_000_000_123)
    await cluster.replaceLease({ metadata: { name: NODE, resourceVersion: '7' }, spec: { renewTime } })
    expect(sent[0]).toMatchObject({
      method: 'PUT',
      path: `${LEASES}/${NODE}`,
      body: { metadata: { resourceVersion: '7' }, spec: { renewTime: '2023-11-14T22:13:20.123000Z' } },
    })
  })

  test('are deleted only if they are the ones that were meant', async () => {
    const { cluster, sent } = aCluster()
    await cluster.deleteNode(NODE, 'n1')
    await cluster.deleteLease(leaseName(NODE), 'l1')
    expect(sent).toMatchObject([
      { method: 'DELETE', path: `/api/v1/nodes/${NODE}`, body: { preconditions: { uid: 'n1' } } },
      { method: 'DELETE', path: `${LEASES}/${NODE}`, body: { preconditions: { uid: 'l1' } } },
    ])
  })
})

describe('Pods', () => {
  test('are patched under their uid, whatever else the patch says of metadata', async () => {
    const { cluster, sent } = aCluster()
    await cluster.patchPodStatus(POD, 'u1', { type: 'merge', body: { status: { phase: 'Running' } } })
    await cluster.patchPod(POD, 'u1', { type: 'merge', body: { metadata: { annotations: { a: 'b' } } } })
    expect(sent).toMatchObject([
      { path: `${POD_PATH}/status`, body: { metadata: { uid: 'u1' }, status: { phase: 'Running' } } },
      { path: POD_PATH, body: { metadata: { uid: 'u1', annotations: { a: 'b' } } } },
    ])
  })

  test('only the patch of tolerations goes after all others', async () => {
    const { cluster, sent } = aCluster()
    await cluster.patchPod(POD, 'u1', { type: 'merge', body: { spec: { tolerations: [] } } })
    await cluster.patchPod(POD, 'u1', { type: 'merge', body: { metadata: { annotations: { a: 'b' } } } })
    await cluster.patchPodStatus(POD, 'u1', { type: 'merge', body: { status: {} } })
    expect(sent.map(({ low }) => low)).toEqual([true, undefined, undefined])
  })

  test('are released at once, under their uid', async () => {
    const { cluster, sent } = aCluster()
    await cluster.deletePod(POD, 'u1')
    expect(sent[0]).toMatchObject({
      method: 'DELETE',
      path: POD_PATH,
      body: { gracePeriodSeconds: 0, preconditions: { uid: 'u1' } },
    })
  })

  test.each([
    [404, 'not found'],
    [409, 'Precondition failed: UID in precondition: u1, UID in object meta: u2'], // 1.24
    [
      409,
      'the UID in the precondition (u1) does not match the UID in record (u2). The object might have been replaced',
    ], // 1.36
  ])('gone already, told by %i, is released', async (status, message) => {
    const { cluster } = aCluster(refusing(status, message))
    await cluster.deletePod(POD, 'u1')
  })

  test.each([
    [409, 'the object has been modified'],
    [403, 'forbidden'],
    [500, 'etcd'],
  ])('not deleted, told by %i, is an error', async (status, message) => {
    const { cluster } = aCluster(refusing(status, message))
    await expect(cluster.deletePod(POD, 'u1')).rejects.toMatchObject({ status })
  })

  test.each(['patchPod', 'patchPodStatus'] as const)(
    '%s of one re-created under the name is a conflict',
    async patch => {
      const { cluster } = aCluster(
        refusing(422, 'Pod "p" is invalid: metadata.uid: Invalid value: "u1": field is immutable'),
      )
      await expect(cluster[patch](POD, 'u1', { type: 'merge', body: {} })).rejects.toMatchObject({ status: 409 })
    },
  )

  test('a patch that the API server finds invalid is no conflict', async () => {
    const { cluster } = aCluster(refusing(422, 'Pod "p" is invalid: status.podIPs: Invalid value'))
    const patched = cluster.patchPodStatus(POD, 'u1', { type: 'merge', body: {} })
    await expect(patched).rejects.toMatchObject({ status: 422 })
  })

  test('of a Node are listed page by page, trimmed, after all other requests', async () => {
    const identity = (uid: string) => ({ name: uid, namespace: 'shop', uid, resourceVersion: '1' })
    const page = (uid: string, next?: string) => ({
      items: [{ metadata: { ...identity(uid), managedFields: [] } }, { metadata: { name: 'of nobody' } }],
      metadata: { resourceVersion: '9', ...(next && { continue: next }) },
    })
    const { cluster, sent } = aCluster(({ path }) => (path.includes('continue=x') ? page('u2') : page('u1', 'x')))
    expect(await cluster.listPodsOn(NODE)).toEqual([{ metadata: identity('u1') }, { metadata: identity('u2') }])
    expect(sent[0]).toMatchObject({ path: `/api/v1/pods?fieldSelector=spec.nodeName=${NODE}&limit=500`, low: true })
  })

  test('of a Node are listed in the namespaces that we serve', async () => {
    const { cluster, sent } = aCluster(() => ({ items: null, metadata: { resourceVersion: '9' } }), {
      namespaces: ['shop'],
    })
    expect(await cluster.listPodsOn(NODE)).toEqual([])
    expect(sent[0]?.path).toMatch(/^\/api\/v1\/namespaces\/shop\/pods\?/)
  })
})

describe('values that a Pod refers to', () => {
  test('of ConfigMaps, text or bytes', async () => {
    const data = { data: { text: 'plain' }, binaryData: { bytes: base64('é') } }
    const { cluster, sent } = aCluster(() => data)
    expect(await cluster.configMapValue('shop', 'settings', 'text')).toBe('plain')
    expect(await cluster.configMapValue('shop', 'settings', 'bytes')).toBe('é')
    expect(await cluster.configMapValue('shop', 'settings', 'other')).toBeUndefined()
    expect(sent.map(({ path }) => path)).toEqual(['/api/v1/namespaces/shop/configmaps/settings'])
  })

  test('of Secrets, decoded', async () => {
    const { cluster } = aCluster(() => ({ data: { token: base64('s3cret') } }))
    expect(await cluster.secretValue('shop', 'keys', 'token')).toBe('s3cret')
  })

  test('that are not there, and those that we may not read, are told apart', async () => {
    expect(await aCluster(refusing(404)).cluster.secretValue('shop', 'keys', 'token')).toBeUndefined()
    await expect(aCluster(refusing(403)).cluster.secretValue('shop', 'keys', 'token')).rejects.toMatchObject({
      status: 403,
    })
  })

  test('a read that failed is not remembered', async () => {
    let isDown = true
    const { cluster } = aCluster(() => {
      if (isDown) throw new ApiError(500, 'etcd')
      return { data: { a: 'b' } }
    })
    await expect(cluster.configMapValue('shop', 'settings', 'a')).rejects.toThrow()
    isDown = false
    expect(await cluster.configMapValue('shop', 'settings', 'a')).toBe('b')
  })
})

test.each(['constructor', '__proto__', 'toString', 'number'])(
  'a key named %s is one only where it was written',
  async key => {
    const { cluster } = aCluster(() => ({ data: { number: 1 }, binaryData: {} }))
    expect(await cluster.configMapValue('shop', 'settings', key)).toBeUndefined()
    expect(await cluster.secretValue('shop', 'keys', key)).toBeUndefined()
  },
)

describe('an answer that is not understood is an error, and nothing is believed of it:', () => {
  const PATCH = { type: 'merge', body: {} } as const
  test.each<[string, (cluster: KubeCluster) => Promise<unknown>]>([
    ['a Node', cluster => cluster.createNode({})],
    ['a status', cluster => cluster.patchNodeStatus(NODE, PATCH)],
    ['a Lease', cluster => cluster.replaceLease({ metadata: { name: NODE } })],
    ['a Pod', cluster => cluster.patchPodStatus(POD, 'u1', PATCH)],
    ['a list', cluster => cluster.listPodsOn(NODE)],
  ])('%s', async (_what, call) => {
    for (const answer of [{}, null, [], 'ok', { metadata: { name: 'x' } }, { items: {}, metadata: {} }]) {
      await expect(call(aCluster(() => answer).cluster)).rejects.toMatchObject({ name: 'ApiError', status: 0 })
    }
  })
})

describe('the revision of a Pod’s owner', () => {
  const podOf = (kind: string, hash?: string): V1Pod => ({
    metadata: {
      namespace: 'shop',
      ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'cart', uid: 'o1', controller: true }],
      ...(hash && { labels: { 'controller-revision-hash': hash } }),
    },
  })

  test.each([
    [
      'ReplicaSet',
      undefined,
      'replicasets/cart',
      { metadata: { annotations: { 'deployment.kubernetes.io/revision': '3' } } },
    ],
    ['DaemonSet', '6d4f', 'controllerrevisions/cart-6d4f', { revision: 3 }],
    ['StatefulSet', 'cart-6d4f', 'controllerrevisions/cart-6d4f', { revision: 3 }],
  ])('a %s', async (kind, hash, path, answer) => {
    const { cluster, sent } = aCluster(() => answer)
    expect(await cluster.ownerRevision(podOf(kind, hash))).toBe(3)
    expect(sent[0]?.path).toBe(`/apis/apps/v1/namespaces/shop/${path}`)
  })

  test('is unknown without an owner, without a number, and where the owner is gone', async () => {
    expect(await aCluster().cluster.ownerRevision({ metadata: { namespace: 'shop' } })).toBeUndefined()
    expect(await aCluster().cluster.ownerRevision(podOf('Job'))).toBeUndefined()
    const unnumbered = aCluster(() => ({ metadata: { annotations: { 'deployment.kubernetes.io/revision': 'x' } } }))
    expect(await unnumbered.cluster.ownerRevision(podOf('ReplicaSet'))).toBeUndefined()
    expect(await aCluster(refusing(404)).cluster.ownerRevision(podOf('ReplicaSet'))).toBeUndefined()
  })
})

describe('what we remember', () => {
  const PATH = '/api/v1/namespaces/ours/configmaps'
  const memory = { metadata: { name: MEMORY_NAME }, data: { 'bases.json': '[]' } }

  test('is absent at first, and then created in our own namespace', async () => {
    const { cluster, sent } = aCluster(({ method }) => {
      if (method !== 'POST') throw new ApiError(404, 'not found')
      return {}
    })
    expect(await cluster.readMemory()).toBeUndefined()
    await cluster.writeMemory(memory)
    expect(sent.map(({ method, path }) => [method, path])).toEqual([
      ['GET', `${PATH}/${MEMORY_NAME}`],
      ['PATCH', `${PATH}/${MEMORY_NAME}`],
      ['POST', PATH],
    ])
    expect(sent[2]?.body).toMatchObject({ metadata: { name: MEMORY_NAME, namespace: 'ours' } })
  })

  test('is patched where it is there, and each environment finds its own', async () => {
    const stored: Record<string, string> = { 'test.bases.json': '["theirs"]' }
    const answer: Answer = ({ method, body }) => {
      if (method === 'PATCH') Object.assign(stored, JSON.parse(body ?? '').data)
      return { data: { ...stored } }
    }
    const { cluster, sent } = aCluster(answer)
    await cluster.writeMemory(memory)
    expect(sent).toMatchObject([{ method: 'PATCH', contentType: 'application/merge-patch+json' }])
    expect((await cluster.readMemory())?.data).toEqual(memory.data)
    const theirs = aCluster(answer, { env: 'test' }).cluster
    expect((await theirs.readMemory())?.data).toEqual({ 'bases.json': '["theirs"]' })
  })
})
