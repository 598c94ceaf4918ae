/** For tests: an API server that only stores, and a cache that shows what it is told to. */
import type { V1Lease, V1Node } from '@kubernetes/client-node'
import { LABEL, type LeaseName, type NodeName } from '../names.ts'
import { ApiError, type Cluster, type Patch, type Store } from '../ports.ts'

export class StoringCluster
  implements
    Pick<
      Cluster,
      | 'createNode'
      | 'readNode'
      | 'patchNode'
      | 'patchNodeStatus'
      | 'deleteNode'
      | 'createLease'
      | 'replaceLease'
      | 'deleteLease'
    >,
    Pick<Store, 'node' | 'nodes' | 'lease'>
{
  readonly nodesByName = new Map<string, V1Node>()
  readonly leasesByName = new Map<string, V1Lease>()
  readonly writes: string[] = []
  readonly reads: string[] = []
  /** How the next writes are answered instead. */
  readonly refusals: ApiError[] = []
  /** Off: the cache is behind and shows what it showed last. */
  watching = true
  /** What goes on elsewhere while a write is under way. */
  meanwhile: (write: string) => void = () => {}
  #shown = { nodes: new Map<string, V1Node>(), leases: new Map<string, V1Lease>() }
  #version = 100

  node = (name: NodeName): V1Node | undefined => this.#cache().nodes.get(name)
  nodes = (): readonly V1Node[] => [...this.#cache().nodes.values()]
  lease = (name: LeaseName): V1Lease | undefined => this.#cache().leases.get(name)

  #cache() {
    if (!this.watching) return this.#shown
    const nodes = new Map([...this.nodesByName].filter(([, node]) => isSelected(node)))
    this.#shown = { nodes, leases: new Map(this.leasesByName) }
    return this.#shown
  }

  #wrote(what: string): void {
    this.writes.push(what)
    this.meanwhile(what)
    const refusal = this.refusals.shift()
    if (refusal) throw refusal
  }

  #stamp<T extends { metadata?: object }>(object: T, uid: string): T {
    this.#version += 1
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(this.#version) } }
    return JSON.parse(JSON.stringify(stored)) as T
  }

  createNode = async (node: V1Node): Promise<V1Node> => {
    this.#wrote('createNode')
    const name = node.metadata?.name ?? ''
    if (this.nodesByName.has(name)) throw new ApiError(409, 'AlreadyExists')
    const stored = this.#stamp(node, `node-${this.#version}`)
    this.nodesByName.set(name, stored)
    return stored
  }

  readNode = async (name: NodeName): Promise<V1Node | undefined> => {
    this.reads.push('readNode')
    return this.nodesByName.get(name)
  }

  patchNode = async (name: NodeName, patch: Patch): Promise<V1Node> => {
    this.#wrote('patchNode')
    return this.#patch(name, patch)
  }

  patchNodeStatus = async (name: NodeName, patch: Patch): Promise<V1Node> => {
    this.#wrote('patchNodeStatus')
    return this.#patch(name, patch)
  }

  #patch(name: NodeName, { body }: Patch): V1Node {
    const node = this.nodesByName.get(name)
    if (!node) throw new ApiError(404, 'NotFound')
    const stored = this.#stamp(merged(node, body) as V1Node, node.metadata?.uid ?? '')
    this.nodesByName.set(name, stored)
    return stored
  }

  deleteNode = async (name: NodeName): Promise<void> => {
    this.#wrote('deleteNode')
    this.nodesByName.delete(name)
  }

  createLease = async (lease: V1Lease): Promise<V1Lease> => {
    this.#wrote('createLease')
    return this.#putLease(lease, `lease-${this.#version}`)
  }

  replaceLease = async (lease: V1Lease): Promise<V1Lease> => {
    this.#wrote('replaceLease')
    const before = this.leasesByName.get(lease.metadata?.name ?? '')
    if (!before) throw new ApiError(404, 'NotFound')
    if (before.metadata?.resourceVersion !== lease.metadata?.resourceVersion) throw new ApiError(409, 'Conflict')
    return this.#putLease(lease, before.metadata?.uid ?? '')
  }

  #putLease(lease: V1Lease, uid: string): V1Lease {
    const stored = this.#stamp(lease, uid)
    this.leasesByName.set(lease.metadata?.name ?? '', stored)
    return stored
  }

  deleteLease = async (name: LeaseName): Promise<void> => {
    this.#wrote('deleteLease')
    this.leasesByName.delete(name)
  }
}

/** A watch shows what its selector names, and nothing else. */
const isSelected = ({ metadata }: V1Node): boolean =>
  metadata?.labels?.[LABEL.component] === 'vnode' && metadata.labels[LABEL.env] === 'dev'

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch) || patch instanceof Date) return patch
  const result: Record<string, unknown> = { ...(target as Record<string, unknown> | undefined) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}
