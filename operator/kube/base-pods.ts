/** The Pods that bases themselves run in: found by address and host name, then watched for their going and their end. */
import type { KubernetesObject, V1Node, V1Pod } from '@kubernetes/client-node'
import { LRUCache } from 'lru-cache'
import { LABEL, nodeName } from '../../reconcilers/names.ts'
import { ApiError, type BasePods, type Log, type Store } from '../../reconcilers/ports.ts'
import type { ApiClient } from './api-client.ts'
import type { Change } from './kept-objects.ts'
import { type KubeObject, query } from './kube-object.ts'
import { readAnswer, readList } from './object-door.ts'
import { NODE_SHAPE, POD_SHAPE } from './object-shape.ts'
import { Reflector, type ReflectorPorts } from './reflector.ts'
import { trimToLife } from './trim.ts'

export type BasePodRef = Parameters<BasePods['state']>[0]
type BasePodState = ReturnType<BasePods['state']>
type Found = Awaited<ReturnType<BasePods['find']>>

export interface KubeBasePodsOptions {
  readonly api: Pick<ApiClient, 'json'>
  readonly reflectorPorts: ReflectorPorts
  readonly store: Pick<Store, 'node'>
  readonly log: Log
  readonly signal: AbortSignal
  /** What is known of this Pod changed. */
  readonly onChange: (uid: string) => void
}

const TOPOLOGY = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'] as const
const TOPOLOGY_TTL_MS = 300_000
const UIDS_MAX = 10_000
const HOST_NAME_MAX = 63
/** A Pod that was alive when we asked, and never shown Running since: it may have ended unseen. */
const ASK_AGAIN_MS = 15_000

interface Namespace {
  /** Pods whose phase is Running; of each only that it is there. */
  readonly running: Set<string>
  /** Not shown by the watch: when we asked the API server itself. */
  readonly askedAtMs: Map<string, number>
}

export class KubeBasePods implements BasePods {
  readonly #options: KubeBasePodsOptions
  readonly #namespaces = new Map<string, Namespace>()
  readonly #ended = new LRUCache<string, true>({ max: UIDS_MAX })
  /** Being deleted: nothing takes that back. */
  readonly #leaving = new LRUCache<string, true>({ max: UIDS_MAX })
  /** Those that anyone wants to know of: all others of the namespace come and go unheeded. */
  readonly #wanted = new LRUCache<string, true>({ max: UIDS_MAX })
  readonly #topology: LRUCache<string, Readonly<Record<string, string>>>
  readonly #watching = new Set<Promise<void>>()

  constructor(options: KubeBasePodsOptions) {
    this.#options = options
    const { clock: perf } = options.reflectorPorts
    this.#topology = new LRUCache({ max: 1_000, ttl: TOPOLOGY_TTL_MS, ttlResolution: 0, perf })
  }

  async find(ip: string, hostName: string): Promise<Found> {
    const path = `/api/v1/pods${query({ fieldSelector: `status.podIP=${ip},status.phase=Running` })}`
    const pods = await this.#allowed(() => this.#listPods(path))
    const candidates = (pods ?? []).filter(pod => this.#mayHoldBase(pod))
    // An address that two Pods bear tells nothing.
    const [pod, another] = candidates
    // Addresses of another network may be the same as those of this cluster's Pods.
    return pod && !another && isHostOf(pod, hostName) ? foundOf(pod) : undefined
  }

  state({ namespace, name, uid }: BasePodRef): BasePodState {
    if (this.#ended.has(uid)) return 'ended'
    this.#wanted.set(uid, true)
    const known = this.#namespaces.get(namespace) ?? this.#watch(namespace)
    const isLeaving = this.#leaving.has(uid)
    if (known.running.has(uid)) return isLeaving ? 'leaving' : 'running'
    const askedAtMs = known.askedAtMs.get(uid)
    if (askedAtMs === undefined || this.#nowMs() - askedAtMs >= ASK_AGAIN_MS)
      void this.#ask(known, { namespace, name, uid })
    return isLeaving ? 'leaving' : 'unknown'
  }

  async topologyOf(node: string): Promise<Readonly<Record<string, string>>> {
    const known = this.#topology.get(node)
    if (known) return known
    const found = await this.#allowed(() =>
      this.#get<V1Node>(`/api/v1/nodes/${encodeURIComponent(node)}`, 'get', 'nodes'),
    )
    const labels = found ? (readAnswer<V1Node>(NODE_SHAPE, found, 'nodes').metadata?.labels ?? {}) : {}
    const topology = Object.fromEntries(
      TOPOLOGY.flatMap(name => (labels[name] === undefined ? [] : [[name, labels[name]]])),
    )
    this.#topology.set(node, topology)
    return topology
  }

  /** Resolves when the watches have ended; the signal ends them. */
  async stopped(): Promise<void> {
    await Promise.allSettled(this.#watching)
  }

  /** Modules run on bases: one that bears a base's address is what runs there. */
  #mayHoldBase({ metadata, spec }: V1Pod): boolean {
    if (!spec?.nodeName || spec.hostNetwork || metadata?.deletionTimestamp) return false
    return !isModule(metadata?.labels ?? {}) && this.#options.store.node(nodeName(spec.nodeName)) === undefined
  }

  #watch(namespace: string): Namespace {
    const known: Namespace = { running: new Set(), askedAtMs: new Map() }
    this.#namespaces.set(namespace, known)
    const reflector = new Reflector<KubeObject>(
      {
        resource: 'base pods',
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
        apiVersion: 'v1',
        kind: 'Pod',
        fieldSelector: 'status.phase=Running',
        metadataOnly: true,
        trim: trimToLife,
        onChange: change => this.#changed(known, change),
      },
      this.#options.reflectorPorts,
    )
    this.#watching.add(reflector.run(this.#options.signal))
    return known
  }

  /** DELETED: gone, or no longer Running, and that is not always the end: a machine restarted runs init containers again. */
  #changed(known: Namespace, { type, object }: Change<KubeObject>): void {
    const { namespace = '', name = '', uid = '' } = object.metadata ?? {}
    if (type === 'DELETED') {
      known.running.delete(uid)
      if (this.#wanted.has(uid)) void this.#ask(known, { namespace, name, uid })
      return
    }
    known.running.add(uid)
    const isAwaited = known.askedAtMs.delete(uid)
    const hadEnded = this.#ended.delete(uid)
    const isNews = this.#notice(object)
    if (isAwaited || hadEnded || isNews) this.#options.onChange(uid)
  }

  /** True: it is being deleted, and that was not known. */
  #notice({ metadata }: KubernetesObject): boolean {
    const { uid = '', deletionTimestamp } = metadata ?? {}
    if (!deletionTimestamp || this.#leaving.has(uid)) return false
    this.#leaving.set(uid, true)
    return true
  }

  /** The watch does not show it: it may not have listed yet, or be behind. The API server itself knows. */
  async #ask({ askedAtMs }: Namespace, { namespace, name, uid }: BasePodRef): Promise<void> {
    askedAtMs.set(uid, this.#nowMs())
    const pods = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`
    const path = pods + query({ fieldSelector: `metadata.name=${name}` })
    try {
      const found = await this.#listPods(path)
      const alive = found.find(pod => pod.metadata?.uid === uid && !hasEnded(pod))
      if (alive && this.#notice(alive)) this.#options.onChange(uid)
      if (alive) return
    } catch (error) {
      this.#options.log.debug('own pod of a base not looked up', { error })
      askedAtMs.delete(uid) // asked again with the next look
      return
    }
    askedAtMs.delete(uid)
    this.#ended.set(uid, true)
    this.#options.onChange(uid)
  }

  #nowMs(): number {
    return this.#options.reflectorPorts.clock.now()
  }

  /** One that is not understood may be the one that is asked for: then nothing is known. @throws ApiError */
  async #listPods(path: string): Promise<readonly V1Pod[]> {
    const { items } = readList(await this.#get(path, 'list', 'pods'), 'pods')
    return (items ?? []).map(item => readAnswer<V1Pod>(POD_SHAPE, item, 'pods'))
  }

  #get<T>(path: string, verb: 'get' | 'list', resource: string): Promise<T> {
    return this.#options.api.json<T>({ method: 'GET', path, verb, resource })
  }

  /** An operator that may read the Pods of one namespace only serves bases that are no Pods just as well. */
  async #allowed<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof ApiError && (error.status === 403 || error.status === 404))) throw error
      this.#options.log.debug('own pod of a base not looked up', { status: error.status, error: error.message })
      return undefined
    }
  }
}

const isModule = (labels: Readonly<Record<string, string>>): boolean =>
  labels[LABEL.component] === 'module' || labels[LABEL.componentOurs] === 'module'

const hasEnded = ({ status }: V1Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** As the kubelet names the host: cut where it is longer than a host name may be. A base may spell it in full. */
function isHostOf({ metadata, spec }: V1Pod, hostName: string): boolean {
  const own = (spec?.hostname ?? metadata?.name ?? '').slice(0, HOST_NAME_MAX).replace(/[-.]+$/, '')
  const told = hostName.toLowerCase()
  return own !== '' && (told === own || told.startsWith(`${own}.`))
}

function foundOf({ metadata, spec }: V1Pod): Found {
  const { namespace = '', name = '', uid = '' } = metadata ?? {}
  return { namespace, name, uid, nodeName: spec?.nodeName ?? '' }
}
