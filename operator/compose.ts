/** Builds each part once and joins them. Nothing is opened or started here, and nothing decided: see `run.ts`. */
import type { KubeConfig } from '@kubernetes/client-node'
import {
  ArkletError,
  type BaseId,
  type Bridge,
  type LinkState,
  openBridge,
  type Transport,
} from '../mqtt-bridge/index.ts'
import { BaseTunnelController } from '../reconcilers/base-tunnel/controller.ts'
import { TUNNEL_DEFAULTS, type TunnelSettings } from '../reconcilers/base-tunnel/settings.ts'
import { claimedBizs } from '../reconcilers/claims.ts'
import { TokenBucket } from '../reconcilers/loop/token-bucket.ts'
import { KeyQueue } from '../reconcilers/loop/work-queue.ts'
import type { NodeName } from '../reconcilers/names.ts'
import { type NodeNameOf, nodeNaming } from '../reconcilers/node-identity.ts'
import { NodeLeaseController } from '../reconcilers/node-lease/controller.ts'
import { kubeletVersion } from '../reconcilers/node-lease/kubelet-version.ts'
import { foreignOf } from '../reconcilers/node-lease/lease.ts'
import { NODE_LEASE_DEFAULTS, type NodeLeaseSettings } from '../reconcilers/node-lease/settings.ts'
import type { Ownership } from '../reconcilers/ownership.ts'
import { ClaimSources } from '../reconcilers/pod-lifecycle/claim-sources.ts'
import { ModuleController } from '../reconcilers/pod-lifecycle/module-controller.ts'
import { PodController } from '../reconcilers/pod-lifecycle/pod-controller.ts'
import { UnmanagedPods } from '../reconcilers/pod-lifecycle/unmanaged-pods.ts'
import type { Arklet, BasePods, Clock, Events, Log, LogFields, Metrics, Rng } from '../reconcilers/ports.ts'
import { BaseRegistry } from '../reconcilers/registry/base-registry.ts'
import { NotOursError } from '../reconcilers/take-back.ts'
import { sharesOf } from './compose-replicas.ts'
import { type Config, VERSION } from './config.ts'
import { type AnyController, controllerOf } from './controllers.ts'
import { gaugeReaders } from './gauges.ts'
import { Hearing } from './hearing.ts'
import type { GaugeReaders } from './http/metrics.ts'
import type { Api, RequestBrake } from './kube/api-client.ts'
import { KubeBasePods } from './kube/base-pods.ts'
import { KubeCluster } from './kube/cluster.ts'
import { EventRecorder } from './kube/event-recorder.ts'
import { ServerVersion } from './kube/server-version.ts'
import { ObjectStore } from './kube/store.ts'
import { type AllQueues, Wakes } from './wakes.ts'
import { ModuleOperator } from './watches.ts'

/** Of an AsyncLocalStorage. */
export interface Runs {
  run<R>(fields: LogFields, work: () => R): R
  exit<R>(work: () => R): R
}

/** What there is before any part: the process itself. */
export interface Foundation {
  readonly config: Config
  readonly kubeConfig: KubeConfig
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Log
  readonly metrics: Metrics & { read(readers: GaugeReaders): void }
  /** Unique among the processes that there are: parts of the names of Events. */
  readonly nextId: () => string
  /** Which reconcile run we are in, for the log. */
  readonly runs: Runs
  /** Aborts what still waits for the API server when all else has stopped. */
  readonly apiStop: AbortSignal
  /** The only way to the API server; every request waits for the brake. */
  readonly openApi: (brake: RequestBrake) => Api
}

/** A flood of invented identities must not become a flood of Nodes; a whole fleet that comes at once is let in. */
const NEWCOMERS = { ratePerSecond: 100, burst: 1_000 }
/** For the own Pods of bases, after the first look. A thousand bases are looked for again within a minute and a half. */
const FURTHER_LOOKS = { ratePerSecond: 50, burst: 50 }
const EVENTS = { ratePerSecond: 50, burst: 300 }
const CONCURRENCY = { modules: 16, pods: 32, nodes: 16, tunnel: 16, unmanaged: 4 } as const

export type Composition = ReturnType<typeof compose>

export function compose(foundation: Foundation) {
  const { config, clock, rng, metrics } = foundation
  const queues = newQueues(foundation)
  const nodeNameOf = nodeNaming(config.nodeNameFormat, config.env)
  const newcomers = new TokenBucket({ ...NEWCOMERS, clock })
  const registry = new BaseRegistry({ nodeNameOf, rng, maxBases: config.maxBases, newcomers })
  const store = new ObjectStore(clock)
  const wakes = new Wakes({ queues, registry, store })
  const kube = composeKube(foundation, { registry, store, wakes })
  const { ownership } = kube.shares
  const tunnelLink = new TunnelLink({ registry, ownership })
  const shared = { ...kube, ownership, registry, store, wakes, queues, nodeNameOf, arklet: tunnelLink }
  const reconcilers = composeReconcilers(foundation, shared)
  const controllers = [...kube.shares.controllers, ...composeControllers(foundation, { ...shared, ...reconcilers })]
  const onLink = (link: LinkState): void => {
    kube.shares.linkChanged()
    wakes.linkChanged(link)
  }
  const hearing = new Hearing({ ...foundation, registry, ownership, nodeNameOf, events: kube.events, onLink })
  registry.onChange((_id, change, record) => wakes.baseChanged(change, record))
  registry.onFlightEnd((id, end) => hearing.flightEnded(id, end))
  const { shares } = kube
  metrics.read(gaugeReaders({ registry, store, clock, controllers, shares, tunnel: reconcilers.tunnel }))
  return { ...shared, ...reconcilers, controllers, hearing, tunnelLink }
}

function newQueues({ clock, rng }: Foundation): AllQueues {
  const newQueue = <K extends string>(): KeyQueue<K> => new KeyQueue<K>({ clock, rng })
  return {
    nodeLease: newQueue(),
    baseTunnel: newQueue(),
    modules: newQueue(),
    pods: newQueue(),
    unmanaged: newQueue(),
  }
}

interface Facts {
  readonly registry: BaseRegistry
  readonly store: ObjectStore
  readonly wakes: Wakes
}

function composeKube(foundation: Foundation, { registry, store, wakes }: Facts) {
  const { config, kubeConfig, clock, rng, metrics, log, apiStop: signal, nextId, runs, openApi } = foundation
  const { env, watchNamespaces: namespaces } = config
  const { kubeApiQps: ratePerSecond, kubeApiBurst: burst } = config
  // Events and tolerations take only what is left over: in a burst they would else make the statuses wait.
  const brake = new TokenBucket({ ratePerSecond, burst, reserve: burst * 0.9, clock })
  const api = openApi(brake)
  const cluster = new KubeCluster({ api, clock, ownNamespace: config.podNamespace, env, namespaces })
  const eventBrake = new TokenBucket({ ...EVENTS, clock })
  const instance = config.clientId
  const recorder = new EventRecorder({ api, clock, metrics, log, signal, nextId, instance, brake: eventBrake })
  const reflectorPorts = { api, clock, rng, metrics, log }
  const onChange = wakes.basePodChanged.bind(wakes)
  const podsOfBases = new KubeBasePods({ api, reflectorPorts, store, log, signal, onChange })
  const shares = sharesOf(foundation, { api, registry, store, wakes })
  const watched = { store, listener: wakes, replicas: shares.watched, env, namespaces }
  const watches = new ModuleOperator({ kubeConfig, api, reflectorPorts, log, ...watched })
  const serverVersion = new ServerVersion({ api, clock, log })
  return { api, cluster, shares, watches, serverVersion, podsOfBases, ...outliving(runs, recorder, podsOfBases) }
}

/** What these two begin goes on after the run that called them: it must not bear that run's id in the log. */
function outliving(runs: Foundation['runs'], recorder: Events, podsOfBases: BasePods) {
  const events: Events = { emit: event => runs.exit(() => recorder.emit(event)) }
  const basePods: BasePods = {
    find: (ip, hostName) => podsOfBases.find(ip, hostName),
    state: ref => runs.exit(() => podsOfBases.state(ref)),
    topologyOf: node => podsOfBases.topologyOf(node),
  }
  return { events, basePods }
}

interface Shared extends ReturnType<typeof composeKube> {
  readonly registry: BaseRegistry
  readonly store: ObjectStore
  readonly queues: AllQueues
  readonly ownership: Ownership
  readonly arklet: Arklet
  readonly nodeNameOf: NodeNameOf
}

function composeReconcilers({ config, clock, rng, log, metrics }: Foundation, shared: Shared) {
  const { store, cluster, registry } = shared
  const ports = { clock, rng, log, metrics, ...shared }
  // A base may have none: then that field is empty, and nobody waits for it.
  const ipOf = (node: NodeName): string | undefined => {
    const address = registry.byNode(node)?.address
    return address && (address.ip ?? '')
  }
  const sources = new ClaimSources({ cluster, clock, ipOf })
  const modules = new ModuleController({ ...ports, sources })
  const pods = new PodController({ ...ports, sources, onGone: uid => modules.forget(uid) })
  const furtherLooks = new TokenBucket({ ...FURTHER_LOOKS, clock })
  const nodes = new NodeLeaseController({
    ...ports,
    furtherLooks,
    settings: nodeSettings(config, shared.serverVersion),
  })
  const tunnel = new BaseTunnelController({
    ...ports,
    claimedBizs: record => claimedBizs(store.podsOn(record.nodeName), sources.lookups, record.bizs.values()),
    foreignOf,
    settings: tunnelSettings(config),
  })
  return { modules, pods, nodes, tunnel, registry, unmanaged: new UnmanagedPods(ports) }
}

function composeControllers(
  foundation: Foundation,
  { queues, registry, store, ...of }: Shared & ReturnType<typeof composeReconcilers>,
): readonly AnyController[] {
  const { modules, pods, nodes, tunnel, unmanaged } = CONCURRENCY
  const isBase = (id: Parameters<BaseRegistry['get']>[0]): boolean => registry.get(id) !== undefined
  return [
    controllerOf(foundation, { reconciler: of.modules, queue: queues.modules, concurrency: modules, isKnown: isBase }),
    controllerOf(foundation, {
      reconciler: of.pods,
      queue: queues.pods,
      concurrency: pods,
      isKnown: key => store.pod(key) !== undefined,
    }),
    controllerOf(foundation, {
      reconciler: of.nodes,
      queue: queues.nodeLease,
      concurrency: nodes,
      isKnown: name => (registry.byNode(name) ?? store.node(name)) !== undefined,
    }),
    controllerOf(foundation, { reconciler: of.tunnel, queue: queues.baseTunnel, concurrency: tunnel, isKnown: isBase }),
    controllerOf(foundation, {
      reconciler: of.unmanaged,
      queue: queues.unmanaged,
      concurrency: unmanaged,
      isKnown: name => store.node(name) !== undefined,
    }),
  ]
}

/** As Go spells it, and so the label that images and schedulers go by. */
const GO_ARCHITECTURE: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' }

const nodeSettings = (config: Config, serverVersion: ServerVersion): NodeLeaseSettings => ({
  ...NODE_LEASE_DEFAULTS,
  env: config.env,
  holderIdentity: config.clientId,
  /** Each plan reads it anew. */
  get kubeletVersion() {
    return kubeletVersion(serverVersion.known, VERSION)
  },
  architecture: GO_ARCHITECTURE[process.arch] ?? process.arch,
  nodeEnvTaint: config.nodeEnvTaint,
  podsMax: config.podCapacity,
  metaspaceDefaultBytes: config.defaultMetaspaceBytes,
})

const tunnelSettings = (config: Config): TunnelSettings => ({
  ...TUNNEL_DEFAULTS,
  silentAfterMs: config.baseSilentAfterMs,
  deadAfterMs: config.baseDeadAfterMs,
  commandDeadlineMs: config.installDeadlineMs,
  foreignModules: config.foreignModules,
  ...(config.evictionRate !== undefined && { deathsPerSecond: config.evictionRate }),
})

interface Asked {
  readonly registry: Pick<BaseRegistry, 'get'>
  readonly ownership: Pick<Ownership, 'acts' | 'holds'>
}

/** Commands go nowhere until the bridge is open, which is after everything that sends them was built. */
export class TunnelLink implements Arklet {
  readonly #of: Asked
  #bridge: Bridge | undefined

  constructor(of: Asked) {
    this.#of = of
  }

  open(options: { env: string; transport: Transport; hearing: Hearing; clock: Pick<Clock, 'now'> }): Bridge {
    const { env, transport, hearing, clock } = options
    this.#bridge = openBridge({
      env,
      transport,
      now: () => clock.now(),
      onObservation: observation => hearing.observation(observation),
      onRefused: refusal => hearing.refusal(refusal),
      onLink: link => hearing.link(link),
      onLeftovers: told => hearing.leftovers(told),
    })
    return this.#bridge
  }

  async send(...[base, command]: Parameters<Arklet['send']>): Promise<void> {
    this.#refuseIfNotOurs(base, command.kind === 'installBiz' || command.kind === 'uninstallBiz')
    await this.#opened.send(base, command)
  }

  /** The last moment: whoever decided on it may have waited, or been stopped, since. */
  #refuseIfNotOurs(base: BaseId, changes: boolean): void {
    const { registry, ownership } = this.#of
    const node = registry.get(base)?.nodeName
    const isOurs = node !== undefined && (changes ? ownership.holds(node) : ownership.acts(node))
    if (!isOurs) throw new NotOursError(`${base} is another replica's`)
  }

  get #opened(): Bridge {
    if (!this.#bridge) throw new ArkletError('NOT_CONNECTED', 'the bridge is not open yet')
    return this.#bridge
  }
}
