/** The world at rest: what a base runs is what its Pods claim, and what its Pods show is what it runs. */
import type { V1DaemonSet, V1Deployment, V1Lease, V1Node, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import { baseId } from '../../../mqtt-bridge/index.ts'
import type { Composition } from '../../../operator/compose.ts'
import type { HostedBase } from '../bases/hosted-base.ts'
import type { World } from '../world.ts'
import { isModule, liveClaims, newest, type SeenClaim, workloadName } from './claims-seen.ts'

interface Running {
  readonly composition: Composition
  readonly clientId: string
}

/** What is not yet as it should be; nothing: the world has settled. */
export function unsettled(world: World, operator: Running | undefined): readonly string[] {
  if (!operator) return ['no operator runs']
  const { composition } = operator
  const pods = world.server.list<V1Pod>('pods').filter(isModule)
  const nodes = world.server.list<V1Node>('nodes').filter(isOurs)
  const alive = world.bases.filter(({ wanted }) => wanted)
  return [
    ...alive.flatMap(base => ofBase(base, { pods, nodes }, heldForForeign(world, composition, base.identity))),
    ...alive.flatMap(base => ofRecord(base, composition)),
    ...nodes.flatMap(node =>
      alive.some(base => nodeNameOf(base) === node.metadata?.name)
        ? []
        : [`Node ${node.metadata?.name} stands for no base`],
    ),
    ...ofLeases(world, operator.clientId, nodes),
    ...pods.flatMap(pod => ofPod(pod, nodes)),
    ...ofWorkloads(world, quarrelling(pods)),
  ]
}

const isOurs = ({ metadata }: V1Node): boolean => metadata?.labels?.type === 'virtual-kubelet'

export const nodeNameOf = ({ identity }: HostedBase): string => `virtual-node-${identity}`

const isTrue = (conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean =>
  conditions?.find(condition => condition.type === type)?.status === 'True'

/** With two processes under one identity nobody can tell whose command brought what: the operator may hold it for foreign. */
function heldForForeign({ faults }: World, { registry }: Composition, identity: string): ReadonlySet<string> {
  return faults.perHour('identityShared') > 0 ? (registry.get(baseId(identity))?.foreign ?? new Set()) : new Set()
}

interface Cluster {
  readonly pods: readonly V1Pod[]
  readonly nodes: readonly V1Node[]
}

function ofBase(base: HostedBase, { pods, nodes }: Cluster, excused: ReadonlySet<string>): readonly string[] {
  const name = nodeNameOf(base)
  const node = nodes.find(({ metadata }) => metadata?.name === name)
  if (!base.alive) return [`${base.identity} is not up`]
  if (!node) return [`${base.identity} has no Node`]
  const claims = liveClaims(pods, name)
  return [
    ...ofNode(base, node),
    ...[...claims].flatMap(([biz, wanted]) => ofClaims(base, biz, wanted)),
    ...base.base.bizs().flatMap(biz => {
      const key = `${biz.name}:${biz.version}`
      return claims.has(biz.name) || base.ledger.foreign.has(key) || excused.has(key)
        ? []
        : [`${base.identity} runs ${key}, which nobody claims`]
    }),
    ...[...base.ledger.foreign]
      .filter(key => !base.active.includes(key))
      .map(key => `${base.identity} lost ${key}, which is not ours`),
  ]
}

function ofNode(base: HostedBase, node: V1Node): readonly string[] {
  const { name } = node.metadata ?? {}
  const ip = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  return [
    ...(isTrue(node.status?.conditions, 'Ready') ? [] : [`Node ${name} is not Ready`]),
    ...(isTrue(node.status?.conditions, 'TunnelReady') ? [] : [`Node ${name}: tunnel is not ready`]),
    ...(ip === base.base.ip ? [] : [`Node ${name} has ${ip}, its base ${base.base.ip}`]),
  ]
}

function ofClaims(base: HostedBase, biz: string, wanted: readonly SeenClaim[]): readonly string[] {
  const winners = newest(wanted)
  const present = base.base.bizs().filter(({ name }) => name === biz)
  const [runs] = present
  if (present.length !== 1 || !runs || runs.state !== 'activated')
    return [
      `${base.identity} runs ${present.map(({ version, state }) => `${biz}:${version} ${state}`).join(', ') || `no ${biz}`}, wanted ${winners[0]?.version}`,
    ]
  const winner = winners.filter(({ version }) => version === runs.version)
  if (winner.length === 0) return [`${base.identity} runs ${biz}:${runs.version}, wanted ${winners[0]?.version}`]
  const origin = base.ledger.originOf(`${biz}:${runs.version}`)
  const asAsked = winner.some(({ url, args }) => origin?.url === url && origin.args.join(' ') === args.join(' '))
  if (!asAsked)
    return [
      `${base.identity} has ${biz}:${runs.version} from ${origin?.url} ${origin?.args.join(' ')}, wanted ${winner[0]?.url} ${winner[0]?.args.join(' ')}`,
    ]
  const serving = winner.filter(({ url, args }) => origin?.url === url && origin.args.join(' ') === args.join(' '))
  return wanted.flatMap(claim => ofReadiness(base, claim, serving))
}

const wantsSame = (a: SeenClaim, b: SeenClaim): boolean =>
  a.url === b.url && a.version === b.version && a.args.join(' ') === b.args.join(' ') && a.restartedAt === b.restartedAt

function ofReadiness(base: HostedBase, claim: SeenClaim, serving: readonly SeenClaim[]): readonly string[] {
  const { pod } = claim
  const own = serving.some(winner => workloadName(winner.pod) === workloadName(pod))
  const wins = serving.some(winner => wantsSame(winner, claim))
  const alone = pod.spec?.containers.length === 1
  const container = pod.status?.containerStatuses?.find(status => status.name === claim.name)?.ready ?? false
  // Of several modules one may have lost to another Pod: then the Pod as a whole is not ready.
  const ready = alone ? isTrue(pod.status?.conditions, 'Ready') : container
  const name = pod.metadata?.name
  if (wins && !ready) return [`Pod ${name} is not Ready, and its module runs`]
  if (!wins && !own && ready && alone) return [`Pod ${name} is Ready, and its module does not run`]
  if (wins && alone && pod.status?.phase !== 'Running') return [`Pod ${name} is ${pod.status?.phase}`]
  return ready && pod.status?.podIP !== base.base.ip
    ? [`Pod ${name} shows ${pod.status?.podIP}, its base has ${base.base.ip}`]
    : []
}

function ofPod({ metadata, spec }: V1Pod, nodes: readonly V1Node[]): readonly string[] {
  if (metadata?.deletionTimestamp) return [`Pod ${metadata.name} is being deleted`]
  if (spec?.nodeName && !nodes.some(node => node.metadata?.name === spec.nodeName))
    return [`Pod ${metadata?.name} is bound to ${spec.nodeName}, which is no Node`]
  return []
}

function ofRecord({ identity }: HostedBase, { registry }: Composition): readonly string[] {
  const record = registry.get(baseId(identity))
  if (!record) return [`the operator does not know ${identity}`]
  const { reach, flights, doubts, noCommands, unclaimed } = record
  return [
    ...(reach.state === 'heard' ? [] : [`the operator holds ${identity} for ${reach.state}: ${reach.why}`]),
    ...(noCommands ? [`${identity} gets no commands: ${noCommands.reason}`] : []),
    ...(flights.size > 0 ? [`commands for ${[...flights.keys()]} are open on ${identity}`] : []),
    ...(doubts.size > 0 ? [`${[...doubts.keys()]} are in doubt on ${identity}`] : []),
    ...(unclaimed.size > 0 ? [`${[...unclaimed.keys()]} are watched on ${identity} as unclaimed`] : []),
  ]
}

function ofLeases(world: World, holder: string, nodes: readonly V1Node[]): readonly string[] {
  return nodes.flatMap(({ metadata }) => {
    const lease = world.server.get<V1Lease>('leases', 'kube-node-lease', metadata?.name ?? '')
    return lease?.spec?.holderIdentity === holder
      ? []
      : [`the Lease of ${metadata?.name} is held by ${lease?.spec?.holderIdentity}`]
  })
}

/** Workloads of which a Pod has lost its biz to another workload on that base: no wish of both can come true. */
function quarrelling(pods: readonly V1Pod[]): ReadonlySet<string> {
  const nodes = new Set(pods.map(({ spec }) => spec?.nodeName ?? ''))
  const lost = [...nodes].flatMap(node =>
    [...liveClaims(pods, node).values()].flatMap(claims => {
      const [first] = claims
      const differs = (claim: SeenClaim): boolean => first !== undefined && !wantsSame(first, claim)
      const rivals = new Set(claims.map(({ pod }) => workloadName(pod))).size > 1
      // Rolled back to a Pod that never ran and is older than the one it is to replace: see docs/reliability.md.
      const neverRan = ({ pod }: SeenClaim): boolean => pod.status?.phase === 'Pending'
      return claims.some(claim => differs(claim) && (rivals || neverRan(claim))) ? claims : []
    }),
  )
  return new Set(lost.map(({ pod }) => workloadName(pod)))
}

function ofWorkloads({ server }: World, excused: ReadonlySet<string>): readonly string[] {
  const isJudged = ({ metadata }: { metadata?: { name?: string } }): boolean => !excused.has(metadata?.name ?? '')
  return [
    ...server
      .list<V1Deployment>('deployments')
      .filter(isJudged)
      .flatMap(({ metadata, spec, status }) => {
        const { replicas = 0, availableReplicas = 0, updatedReplicas = 0 } = status ?? {}
        const wanted = spec?.replicas ?? 1
        const done = replicas === wanted && availableReplicas === wanted && updatedReplicas === wanted
        return done
          ? []
          : [`Deployment ${metadata?.name}: ${availableReplicas} available, ${updatedReplicas} updated of ${wanted}`]
      }),
    ...server
      .list<V1StatefulSet>('statefulsets')
      .filter(isJudged)
      .flatMap(({ metadata, spec, status }) => {
        const { replicas = 0, readyReplicas = 0 } = status ?? {}
        const wanted = spec?.replicas ?? 1
        return replicas === wanted && readyReplicas === wanted
          ? []
          : [`StatefulSet ${metadata?.name}: ${readyReplicas} ready of ${wanted}`]
      }),
    ...server
      .list<V1DaemonSet>('daemonsets')
      .filter(isJudged)
      .flatMap(({ metadata, status }) => {
        const { desiredNumberScheduled: wanted = 0, numberReady = 0 } = status ?? {}
        return wanted === numberReady ? [] : [`DaemonSet ${metadata?.name}: ${numberReady} ready of ${wanted}`]
      }),
  ]
}
