/** What befalls the network, the API server and the objects in it. */
import type { V1Node } from '@kubernetes/client-node'
import { topicPrefix } from '../../base-simulator/frames.ts'
import { PEERS_BIZ } from '../bases/ledger.ts'
import type { SeededRng } from '../rng.ts'
import { BUILDS, jarUrl, modulePod, VERSIONS } from '../workload/module-pods.ts'
import type { FaultKind } from './mix.ts'
import type { Strike, Struck } from './strike.ts'

const MINUTE_MS = 60_000
export const FOREIGN_FINALIZER = 'example.com/keeps-it'
export const FOREIGN_TAINT = 'example.com/out-of-order'

const anyNode = ({ world }: Struck, rng: SeededRng): string | undefined =>
  rng.pick(world.server.list<V1Node>('nodes').filter(({ metadata }) => metadata?.labels?.type === 'virtual-kubelet'))
    ?.metadata?.name

const onNode =
  (strike: (stage: Struck, node: string, rng: SeededRng) => string): Strike =>
  (stage, rng) => {
    const node = anyNode(stage, rng)
    return node && strike(stage, node, rng)
  }

const onPod =
  (strike: (stage: Struck, pod: string, rng: SeededRng) => string): Strike =>
  (stage, rng) => {
    const pod = stage.workload.anyPod(rng)?.metadata?.name
    return pod && strike(stage, pod, rng)
  }

export const CLUSTER_FAULTS = {
  brokerRestart: ({ world }, rng) => {
    const ms = rng.skewed(100, 4 * MINUTE_MS)
    world.broker.stop('broker gone', rng.chance(0.5))
    world.time.after(ms, () => world.broker.start())
    return `the broker is away for ${Math.round(ms)} ms`
  },
  operatorLinkCut: ({ world, operator }) => {
    world.broker.cut(operator.clientId, 'connection reset')
    return 'the operator loses its connection to the broker'
  },
  operatorBlackHole: ({ world, operator }, rng) => {
    const ms = rng.skewed(1_000, 45_000)
    world.broker.swallow(operator.clientId, ms)
    return `nothing passes between operator and broker for ${Math.round(ms)} ms`
  },
  baseLinkCut: ({ world }, rng) => {
    const base = rng.pick(world.bases)
    if (!base) return undefined
    world.broker.cut(base.base.metadata.clientId, 'connection reset')
    return `${base.identity} loses its connection to the broker`
  },
  /** What the Go peer leaves behind: a command that the broker replays to each base that connects. */
  peerRetained: ({ world, biz }, rng) => {
    const base = rng.pick(world.bases)
    if (!base) return undefined
    const verb = rng.pick(['installBiz', 'uninstallBiz'] as const)
    // What it installs nobody claims: it is foreign, and stays.
    const name = verb === 'installBiz' ? PEERS_BIZ : biz(rng)
    const wish = { biz: name, version: rng.pick(VERSIONS) }
    const command = { bizName: wish.biz, bizVersion: wish.version, bizUrl: jarUrl(wish) }
    const topic = `${topicPrefix(base.base.metadata)}/${verb}`
    world.broker.inject({ topic, payload: Buffer.from(JSON.stringify(command)) }, true)
    return `the peer leaves ${verb} ${wish.biz}:${wish.version} retained for ${base.identity}`
  },

  apiOutage: ({ world, operator }, rng) => {
    const ms = rng.skewed(1_000, 5 * MINUTE_MS)
    world.isApiOut = true
    operator.current?.cutWatches()
    world.time.after(ms, () => {
      world.isApiOut = false
    })
    return `the API server is away for ${Math.round(ms)} ms`
  },
  watchCut: ({ operator }) => {
    operator.current?.cutWatches()
    return 'all watches are cut'
  },
  watchTooOld: ({ world, operator }) => {
    world.server.compact()
    operator.current?.cutWatches()
    return 'all watches are cut, and the server has forgotten where they stood'
  },

  podForceDeleted: onPod(({ workload }, pod) => {
    workload.kubectl.remove('pods', pod, 0)
    return `Pod ${pod} is deleted by force`
  }),
  podDeleted: onPod(({ workload }, pod) => {
    workload.kubectl.remove('pods', pod)
    return `Pod ${pod} is deleted`
  }),
  podRecreated: ({ world, workload, biz }, rng) => {
    const [name, wish] = ['phoenix', { biz: biz(rng), version: rng.pick(['1.0.0', '2.0.0'] as const) }]
    workload.kubectl.remove('pods', name, 0)
    const node = rng.chance(0.5) ? rng.pick(world.server.list<V1Node>('nodes'))?.metadata?.name : undefined
    workload.kubectl.create('pods', modulePod(name, [world.jars.dressed(wish)], node))
    return `Pod ${name} is created anew with ${wish.biz}:${wish.version}`
  },
  podEdited: ({ world, workload }, rng) => {
    const pod = workload.anyBarePod(rng)
    if (!pod) return undefined
    const [build, isBroken] = [rng.pick(BUILDS), rng.chance(0.4)]
    const urls = workload.edit(pod, build)
    if (isBroken) for (const { base } of world.bases) for (const url of urls) base.refuse(url)
    return `Pod ${pod.metadata?.name} is edited to build ${build}${isBroken ? ', which is broken' : ''}`
  },
  podFinalized: onPod(({ world, workload }, pod, rng) => {
    workload.kubectl.patch('pods', pod, { metadata: { finalizers: [FOREIGN_FINALIZER] } })
    world.time.after(rng.skewed(5_000, 3 * MINUTE_MS), () =>
      workload.kubectl.patch('pods', pod, { metadata: { finalizers: null } }),
    )
    return `somebody's finalizer holds Pod ${pod}`
  }),
  workloadForced: ({ workload, operator }, rng) => {
    operator.kill(rng.skewed(2_000, MINUTE_MS), 'while users force things')
    const name = workload.forceOffline(rng)
    return name === undefined ? undefined : `${name} and its Pods are deleted by force, and nobody sees it`
  },
  nodeDeleted: onNode(({ workload }, node) => {
    workload.kubectl.remove('nodes', node)
    return `Node ${node} is deleted by hand`
  }),
  nodeCordoned: onNode(({ world, workload }, node, rng) => {
    workload.kubectl.patch('nodes', node, { spec: { unschedulable: true } })
    world.time.after(rng.skewed(5_000, 3 * MINUTE_MS), () =>
      workload.kubectl.patch('nodes', node, { spec: { unschedulable: null } }),
    )
    return `Node ${node} is cordoned`
  }),
  nodeTainted: onNode(({ world, workload }, node, rng) => {
    workload.taint(node, FOREIGN_TAINT, rng.chance(0.3) ? 'NoExecute' : 'NoSchedule')
    world.time.after(rng.skewed(5_000, 3 * MINUTE_MS), () => workload.untaint(node, FOREIGN_TAINT))
    return `Node ${node} is tainted by hand`
  }),
} as const satisfies Partial<Record<FaultKind, Strike>>
