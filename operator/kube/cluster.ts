/** Writes, and the few reads that no watch covers, as plain requests: typed calls cost twice as much. */
import type {
  V1ConfigMap,
  V1ControllerRevision,
  V1Lease,
  V1Node,
  V1OwnerReference,
  V1Pod,
  V1ReplicaSet,
  V1Secret,
} from '@kubernetes/client-node'
import { LRUCache } from 'lru-cache'
import { MEMORY_NAME } from '../../reconcilers/base-tunnel/memory.ts'
import { LEASE_NAMESPACE, type LeaseName, type NodeName, type PodKey, splitPodKey } from '../../reconcilers/names.ts'
import { ApiError, type Clock, type Cluster, type Patch } from '../../reconcilers/ports.ts'
import type { ApiClient, ApiRequest } from './api-client.ts'
import { type KubeList, query } from './kube-object.ts'
import { readAnswer, readable, readList } from './object-door.ts'
import { IDENTITY_SHAPE, LEASE_SHAPE, NODE_SHAPE, POD_SHAPE } from './object-shape.ts'
import { trimLease, trimNode, trimPod } from './trim.ts'

export interface KubeClusterOptions {
  readonly api: Pick<ApiClient, 'send' | 'json'>
  readonly clock: Pick<Clock, 'now'>
  /** Where our own memory lies. */
  readonly ownNamespace: string
  readonly env: string
  /** Of the module Pods; empty: all. */
  readonly namespaces: readonly string[]
}

/** Long enough for the Pods of one rollout to share a read, short enough to notice an edit. */
const READ_TTL_MS = 5_000
const PAGE_SIZE = 500
/** Of what is written only name, uid and version come back: a third of the bytes, on the hottest path. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const PATCH_TYPE: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
}

const e = encodeURIComponent
const nodePath = (name: NodeName): string => `/api/v1/nodes/${e(name)}`
const leasesPath = `/apis/coordination.k8s.io/v1/namespaces/${LEASE_NAMESPACE}/leases`
const podPath = (key: PodKey): string => {
  const { namespace, name } = splitPodKey(key)
  return `/api/v1/namespaces/${e(namespace)}/pods/${e(name)}`
}

export class KubeCluster implements Cluster {
  readonly #options: KubeClusterOptions
  readonly #reads: LRUCache<string, Promise<unknown>>

  constructor(options: KubeClusterOptions) {
    this.#options = options
    this.#reads = new LRUCache({ max: 1_000, ttl: READ_TTL_MS, ttlResolution: 0, perf: options.clock })
  }

  async createNode(node: V1Node): Promise<V1Node> {
    return nodeOf(await this.#write({ method: 'POST', path: '/api/v1/nodes', resource: 'nodes', body: node }))
  }

  async readNode(name: NodeName): Promise<V1Node | undefined> {
    const request = { method: 'GET', path: nodePath(name), verb: 'get', resource: 'nodes' } as const
    const answer = await absentIf404(this.#options.api.json<unknown>(request))
    return answer === undefined ? undefined : nodeOf(answer)
  }

  async patchNode(name: NodeName, patch: Patch): Promise<V1Node> {
    return nodeOf(await this.#patch(nodePath(name), 'nodes', patch))
  }

  async patchNodeStatus(name: NodeName, patch: Patch): Promise<V1Node> {
    return nodeOf(await this.#patch(`${nodePath(name)}/status`, 'nodes/status', patch))
  }

  deleteNode(name: NodeName, uid: string): Promise<void> {
    return this.#delete(nodePath(name), 'nodes', { preconditions: { uid } })
  }

  async createLease(lease: V1Lease): Promise<V1Lease> {
    return leaseOf(await this.#write({ method: 'POST', path: leasesPath, resource: 'leases', body: lease }))
  }

  async replaceLease(lease: V1Lease): Promise<V1Lease> {
    const path = `${leasesPath}/${e(lease.metadata?.name ?? '')}`
    return leaseOf(await this.#write({ method: 'PUT', path, resource: 'leases', body: lease }))
  }

  deleteLease(name: LeaseName, uid: string): Promise<void> {
    return this.#delete(`${leasesPath}/${e(name)}`, 'leases', { preconditions: { uid } })
  }

  /** The answer holds metadata only. */
  patchPodStatus(key: PodKey, uid: string, patch: Patch): Promise<V1Pod> {
    const path = `${podPath(key)}/status`
    return metadataOf(this.#patch(path, 'pods/status', withUid(patch, uid), METADATA_ONLY))
  }

  /** The answer holds metadata only. */
  patchPod(key: PodKey, uid: string, patch: Patch): Promise<V1Pod> {
    return metadataOf(this.#patch(podPath(key), 'pods', withUid(patch, uid), METADATA_ONLY))
  }

  deletePod(key: PodKey, uid: string): Promise<void> {
    return this.#delete(podPath(key), 'pods', { gracePeriodSeconds: 0, preconditions: { uid } })
  }

  async configMapValue(namespace: string, name: string, key: string): Promise<string | undefined> {
    const path = `/api/v1/namespaces/${e(namespace)}/configmaps/${e(name)}`
    const configMap = await this.#read<V1ConfigMap>(path, 'configmaps')
    return textAt(configMap?.data, key) ?? decoded(textAt(configMap?.binaryData, key))
  }

  async secretValue(namespace: string, name: string, key: string): Promise<string | undefined> {
    const path = `/api/v1/namespaces/${e(namespace)}/secrets/${e(name)}`
    return decoded(textAt((await this.#read<V1Secret>(path, 'secrets'))?.data, key))
  }

  async ownerRevision(pod: V1Pod): Promise<number | undefined> {
    const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller)
    if (!owner) return undefined
    const apps = `/apis/apps/v1/namespaces/${e(pod.metadata?.namespace ?? '')}`
    if (owner.kind === 'ReplicaSet') return this.#revisionOfReplicaSet(`${apps}/replicasets/${e(owner.name)}`)
    const name = revisionName(pod, owner)
    const path = `${apps}/controllerrevisions/${e(name ?? '')}`
    return name === undefined
      ? undefined
      : (await this.#read<V1ControllerRevision>(path, 'controllerrevisions'))?.revision
  }

  async listPodsOn(node: NodeName): Promise<readonly V1Pod[]> {
    const { namespaces } = this.#options
    const paths = namespaces.map(namespace => `/api/v1/namespaces/${e(namespace)}/pods`)
    const lists = (paths.length > 0 ? paths : ['/api/v1/pods']).map(path => this.#listPods(path, node))
    return (await Promise.all(lists)).flat()
  }

  async #listPods(path: string, node: NodeName): Promise<readonly V1Pod[]> {
    const { api } = this.#options
    const pods: V1Pod[] = []
    let from: string | undefined
    do {
      const answer: unknown = await api.json({
        method: 'GET',
        path: path + query({ fieldSelector: `spec.nodeName=${node}`, limit: String(PAGE_SIZE), continue: from }),
        verb: 'list',
        resource: 'pods',
        low: true,
      })
      const page: KubeList<unknown> = readList(answer, 'pods')
      pods.push(...readable<V1Pod>(POD_SHAPE, page.items ?? []).map(trimPod))
      from = page.metadata?.continue
    } while (from !== undefined)
    return pods
  }

  /** With the names that the reader gave its entries; those of other environments are left out. */
  async readMemory(): Promise<V1ConfigMap | undefined> {
    const path = `${this.#memoriesPath}/${MEMORY_NAME}`
    const request = { method: 'GET', path, verb: 'get', resource: 'configmaps' } as const
    const configMap = await absentIf404(this.#options.api.json<V1ConfigMap>(request))
    if (!configMap) return undefined
    const ours = Object.entries(configMap.data ?? {}).filter(([key]) => key.startsWith(this.#memoryPrefix))
    return { ...configMap, data: Object.fromEntries(ours.map(([key, text]) => [this.#withoutPrefix(key), text])) }
  }

  /** Name and namespace are ours to give. */
  async writeMemory({ data = {} }: V1ConfigMap): Promise<void> {
    const ours = Object.entries(data).map(([key, text]) => [this.#memoryPrefix + key, text])
    const body = { data: Object.fromEntries(ours) }
    const path = `${this.#memoriesPath}/${MEMORY_NAME}`
    const patched = await absentIf404(this.#patch(path, 'configmaps', { type: 'merge', body }, METADATA_ONLY))
    if (patched) return
    const metadata = { name: MEMORY_NAME, namespace: this.#options.ownNamespace }
    const created = { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...body }
    await this.#write({ method: 'POST', path: this.#memoriesPath, resource: 'configmaps', body: created })
  }

  get #memoriesPath(): string {
    return `/api/v1/namespaces/${e(this.#options.ownNamespace)}/configmaps`
  }

  /** One ConfigMap for the operators of all environments in a namespace: rights can name it, and a patch touches only ours. */
  get #memoryPrefix(): string {
    return `${this.#options.env}.`
  }

  #withoutPrefix(key: string): string {
    return key.slice(this.#memoryPrefix.length)
  }

  async #revisionOfReplicaSet(path: string): Promise<number | undefined> {
    const replicaSet = await this.#read<V1ReplicaSet>(path, 'replicasets')
    const revision = Number(replicaSet?.metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? Number.NaN)
    return Number.isSafeInteger(revision) ? revision : undefined
  }

  /** `undefined`: not there. */
  #read<T>(path: string, resource: string): Promise<T | undefined> {
    const known = this.#reads.get(path) as Promise<T | undefined> | undefined
    if (known) return known
    const read = absentIf404(this.#options.api.json<T>({ method: 'GET', path, verb: 'get', resource }))
    this.#reads.set(path, read)
    // A failure is not remembered: the next who asks may have better luck.
    read.catch(() => this.#reads.delete(path))
    return read
  }

  #write({
    body,
    ...request
  }: Pick<ApiRequest, 'path' | 'resource'> & { method: 'POST' | 'PUT'; body: object }): Promise<unknown> {
    return this.#options.api.json({
      ...request,
      verb: request.method === 'POST' ? 'create' : 'update',
      body: JSON.stringify(body),
      contentType: 'application/json',
    })
  }

  #patch(path: string, resource: string, { type, body }: Patch, accept?: string): Promise<unknown> {
    return this.#options.api.json({
      method: 'PATCH',
      path,
      verb: 'patch',
      resource,
      body: JSON.stringify(body),
      contentType: PATCH_TYPE[type],
      ...(accept !== undefined && { accept }),
      ...(isCosmetic(resource, body) && { low: true }),
    })
  }

  async #delete(path: string, resource: string, options: object): Promise<void> {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', ...options })
    try {
      const contentType = 'application/json'
      await this.#options.api.send({ method: 'DELETE', path, verb: 'delete', resource, body, contentType })
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }
}

const nodeOf = (answer: unknown): V1Node => trimNode(readAnswer<V1Node>(NODE_SHAPE, answer, 'nodes'))
const leaseOf = (answer: unknown): V1Lease => trimLease(readAnswer<V1Lease>(LEASE_SHAPE, answer, 'leases'))
const metadataOf = async (patched: Promise<unknown>): Promise<V1Pod> =>
  readAnswer<V1Pod>(IDENTITY_SHAPE, await orReplaced(patched), 'pods')

/** A key of an object that somebody else wrote: `constructor` is in every one, unless it is asked whether it is its own. */
function textAt(data: Readonly<Record<string, unknown>> | undefined, key: string): string | undefined {
  const value = data && Object.hasOwn(data, key) ? data[key] : undefined
  return typeof value === 'string' ? value : undefined
}

/** A Pod re-created under the name is refused by the API server: a uid cannot be changed. */
function withUid({ type, body }: Patch, uid: string): Patch {
  const metadata = 'metadata' in body ? (body.metadata as object) : {}
  return { type, body: { ...body, metadata: { ...metadata, uid } } }
}

/** What a Pod's status does not wait for: the tolerations that lose their seconds. */
const isCosmetic = (resource: string, body: object): boolean => resource === 'pods' && 'spec' in body

/** A Pod of that name is another one by now, which the watch will show: a conflict like any other, no fault of the patch. */
async function orReplaced<T>(patched: Promise<T>): Promise<T> {
  try {
    return await patched
  } catch (error) {
    const isReplaced = error instanceof ApiError && error.status === 422 && error.message.includes('metadata.uid')
    throw isReplaced ? new ApiError(409, error.message) : error
  }
}

/** As Kubernetes 1.24 and 1.36 word it. */
const OTHER_UID = /UID in (the )?precondition/

/** Gone, or another one of that name by now: in either case the one that was meant is no more. */
const isGone = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 404 || (error.status === 409 && OTHER_UID.test(error.message)))

async function absentIf404<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

const decoded = (base64: string | undefined): string | undefined =>
  base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('utf8')

/** A StatefulSet labels its Pods with the revision's whole name, a DaemonSet only with its hash. */
function revisionName({ metadata }: V1Pod, owner: V1OwnerReference): string | undefined {
  const hash = metadata?.labels?.['controller-revision-hash']
  return hash === undefined || owner.kind === 'StatefulSet' ? hash : `${owner.name}-${hash}`
}
