/** The world at rest: what a base runs is what its Pods claim, and what its Pods show is what it runs. */
import type { V1Lease, V1Node, V1Pod } from '@kubernetes/client-node'
import { baseId } from '../../../mqtt-bridge/index.ts'
import type { Composition } from '../../../operator/compose.ts'
import type { SimulatedBase, WebServerKind } from '../../base-simulator/index.ts'
import type { HostedBase } from '../bases/hosted-base.ts'
import type { Ledger } from '../bases/ledger.ts'
import type { World } from '../world.ts'
import { asText, isModule, liveClaims, newest, type SeenClaim, wantsSame, workloadName } from './claims-seen.ts'
import { pathQuarrelsOn, waitingFor, waitingForPath } from './path-claims.ts'
import { isServedByPath, ofTraffic } from './settled-traffic.ts'
import { ofWorkloads, quarrelling } from './settled-workloads.ts'

interface Running {
  readonly composition: Asked
  readonly clientId: string
  /** Absent: what it met it never saw without. */
  readonly startedAtMs?: number
  /** Does a Lease in that name stand for whoever serves it? Absent: only in our own. */
  readonly holds?: (holder: string | undefined) => boolean
}

interface Asked {
  readonly registry: Pick<Composition['registry'], 'get' | 'link'>
}

/** What is not yet as it should be; nothing: the world has settled. */
export function unsettled(world: World, operator: Running | undefined): readonly string[] {
  if (!operator) return ['no operator runs']
  const { composition } = operator
  const pods = world.server.list<V1Pod>('pods').filter(isModule)
  const nodes = world.server.list<V1Node>('nodes').filter(isOurs)
  const alive = world.bases.filter(({ wanted }) => wanted)
  return [
    ...alive.flatMap(base => ofBase(base, { pods, nodes }, excusedOn(world, composition, { base, pods }))),
    ...alive.flatMap(base => ofTraffic(base, pods)),
    ...alive.flatMap(base => ofRecord(base, composition)),
    ...nodes.flatMap(node =>
      alive.some(base => nodeNameOf(base) === node.metadata?.name)
        ? []
        : [`Node ${node.metadata?.name} stands for no base`],
    ),
    ...ofLeases(world, operator.holds ?? (holder => holder === operator.clientId), nodes),
    ...pods.flatMap(pod => ofPod(pod, nodes)),
    ...ofLeftovers(world, operator),
    ...ofWorkloads(
      world.server,
      new Set([...quarrelling(pods), ...blocked(world, composition, pods), ...waitingForPath(world, pods)]),
    ),
  ]
}

/** Nodes of bases that are gone for good. */
export function orphans(world: World): number {
  const names = new Set(world.bases.filter(({ wanted }) => wanted).map(nodeNameOf))
  return world.server.list<V1Node>('nodes').filter(node => isOurs(node) && !names.has(node.metadata?.name ?? '')).length
}

/** Workloads with a Pod that waits for a module that is held for foreign, or for the path that it has. */
function blocked(world: World, composition: Asked, pods: readonly V1Pod[]): readonly string[] {
  return world.bases.flatMap(base => {
    const keys = heldForForeign(world, composition, base)
    const held = namesOf(keys)
    const claims = [...liveClaims(pods, nodeNameOf(base))].flatMap(([biz, wanted]) => (held.has(biz) ? wanted : []))
    return [...claims, ...waitingFor(keys, base, pods)].map(({ pod }) => workloadName(pod))
  })
}

const namesOf = (keys: Iterable<string>): ReadonlySet<string> => new Set([...keys].map(key => key.split(':')[0] ?? ''))

export const isOurs = ({ metadata }: V1Node): boolean => metadata?.labels?.type === 'virtual-kubelet'

export const nodeNameOf = ({ identity }: Pick<TrueBase, 'identity'>): string => `virtual-node-${identity}`

const isTrue = (conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean =>
  conditions?.find(condition => condition.type === type)?.status === 'True'

/**
 * Ours, and held for foreign as it must be: with two processes under one identity nobody can tell whose command brought what,
 * and where a Node or the Pods that asked for a module were deleted by force, nothing may be left that tells.
 */
function heldForForeign({ faults }: World, { registry }: Asked, base: HostedBase): ReadonlySet<string> {
  const { untold, foreign } = base.ledger
  const isShared = faults.perHour('identityShared') > 0
  const held = registry.get(baseId(base.identity))?.foreign ?? []
  return new Set([...held].filter(key => !foreign.has(key) && (isShared || untold.has(key))))
}

/** By `name:version`, or by name alone where another has the path: what need not be as its Pods claim. */
function excusedOn(
  world: World,
  composition: Asked,
  { base, pods }: { readonly base: HostedBase; readonly pods: readonly V1Pod[] },
): ReadonlySet<string> {
  const held = heldForForeign(world, composition, base)
  const waiting = waitingFor(held, base, pods).map(({ name }) => name)
  return new Set([...held, ...waiting, ...pathQuarrelsOn(base, pods).bizs])
}

export interface SeenCluster {
  readonly pods: readonly V1Pod[]
  readonly nodes: readonly V1Node[]
}

/** A base, and the truth about it. */
export interface TrueBase {
  readonly identity: string
  readonly alive: boolean
  readonly base: Pick<SimulatedBase, 'ip' | 'bizs'> & Partial<Pick<SimulatedBase, 'answersAt'>>
  readonly webServer?: WebServerKind
  readonly ledger: Pick<Ledger, 'foreign' | 'originOf' | 'untold'>
}

/** @param excused by `name:version` or by name: what must be held for foreign, though it is not, or waits for a path */
export function ofBase(base: TrueBase, { pods, nodes }: SeenCluster, excused: ReadonlySet<string>): readonly string[] {
  const name = nodeNameOf(base)
  const node = nodes.find(({ metadata }) => metadata?.name === name)
  if (!base.alive) return [`${base.identity} is not up`]
  if (!node) return [`${base.identity} has no Node`]
  const claims = liveClaims(pods, name)
  return [
    ...ofNode(base, node),
    ...[...claims].flatMap(([biz, wanted]) => (namesOf(excused).has(biz) ? [] : ofClaims(base, biz, wanted))),
    ...base.base.bizs().flatMap(biz => {
      const key = `${biz.name}:${biz.version}`
      return claims.has(biz.name) || base.ledger.foreign.has(key) || excused.has(key)
        ? []
        : [`${base.identity} runs ${key}, which nobody claims`]
    }),
    ...[...base.ledger.foreign]
      .filter(key => !base.base.bizs().some(biz => keyOf(biz) === key))
      .map(key => `${base.identity} lost ${key}, which is not ours`),
  ]
}

function ofNode(base: TrueBase, node: V1Node): readonly string[] {
  const { name } = node.metadata ?? {}
  const ip = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  return [
    ...(isTrue(node.status?.conditions, 'Ready') ? [] : [`Node ${name} is not Ready`]),
    ...(isTrue(node.status?.conditions, 'TunnelReady') ? [] : [`Node ${name}: tunnel is not ready`]),
    ...(ip === base.base.ip ? [] : [`Node ${name} has ${ip}, its base ${base.base.ip}`]),
  ]
}

const keyOf = ({ name, version }: { readonly name: string; readonly version: string }): string => `${name}:${version}`

function ofClaims(base: TrueBase, biz: string, wanted: readonly SeenClaim[]): readonly string[] {
  const winners = newest(wanted)
  const present = base.base.bizs().filter(({ name }) => name === biz)
  const runs = present.map(each => `${keyOf(each)} ${each.state}`).join(', ')
  const winner = winners.filter(claim => runs === `${keyOf(claim)} activated` || isServedByPath(base, claim, runs))
  const [first = winners[0]] = winner
  if (!first || winner.length === 0)
    return [`${base.identity} runs ${runs || `no ${biz}`}, wanted ${winners.map(keyOf).join(' or ')}`]
  const origin = base.ledger.originOf(keyOf(first))
  const from = origin ? asText(origin) : 'nowhere'
  const serving = winner.filter(claim => asText(claim) === from)
  if (serving.length === 0 && base.ledger.untold.has(keyOf(first))) return []
  if (serving.length === 0)
    return [`${base.identity} has ${keyOf(first)} from ${from}, wanted ${winner.map(asText).join(' or ')}`]
  // Created within one second, and another only by when it was restarted, which no base tells: either may have won.
  if (serving.some(claim => !wantsSame(claim, serving[0] ?? claim))) return []
  // Whoever asks for what the winner asked for is served, however old.
  const served = wanted.filter(claim => serving.some(winner => wantsSame(winner, claim)))
  return wanted.flatMap(claim => ofReadiness(base, claim, served))
}

interface Shown {
  readonly name: string
  readonly ready: boolean
  readonly phase: string
  readonly ip: string
  readonly alone: boolean
}

/** Of several modules one may have lost to another Pod: then the Pod as a whole is not ready, and each is judged by itself. */
function shownOf({ pod: { metadata, spec, status }, name }: SeenClaim): Shown {
  const { phase = '', podIP = '', conditions, containerStatuses = [] } = status ?? {}
  const alone = spec?.containers.length === 1
  const container = containerStatuses.some(one => one.name === name && one.ready)
  const ready = alone ? isTrue(conditions, 'Ready') : container
  return { name: metadata?.name ?? '', ready, phase, ip: podIP, alone }
}

function ofReadiness(base: TrueBase, claim: SeenClaim, serving: readonly SeenClaim[]): readonly string[] {
  const { name, ready, phase, ip, alone } = shownOf(claim)
  if (ready && ip !== base.base.ip) return [`Pod ${name} shows ${ip}, its base has ${base.base.ip}`]
  if (serving.some(winner => wantsSame(winner, claim))) {
    if (!ready) return [`Pod ${name} is not Ready, and its module runs`]
    return alone && phase !== 'Running' ? [`Pod ${name} is ${phase}`] : []
  }
  const own = serving.some(winner => workloadName(winner.pod) === workloadName(claim.pod))
  return ready && alone && !own ? [`Pod ${name} is Ready, and its module does not run`] : []
}

export function ofPod({ metadata, spec }: V1Pod, nodes: readonly V1Node[]): readonly string[] {
  if (metadata?.deletionTimestamp) return [`Pod ${metadata.name} is being deleted`]
  if (spec?.nodeName && !nodes.some(node => node.metadata?.name === spec.nodeName))
    return [`Pod ${metadata?.name} is bound to ${spec.nodeName}, which is no Node`]
  return []
}

function ofRecord({ identity }: HostedBase, { registry }: Asked): readonly string[] {
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

/** What the peer left on any base's topics before we connected would come again each time that base connects. */
function ofLeftovers({ broker }: World, { composition }: Running): readonly string[] {
  const { connected, sinceMs } = composition.registry.link
  return connected ? broker.leftSince(sinceMs).map(topic => `a command is left on ${topic}`) : []
}

function ofLeases(world: World, holds: NonNullable<Running['holds']>, nodes: readonly V1Node[]): readonly string[] {
  return nodes.flatMap(({ metadata }) => {
    const lease = world.server.get<V1Lease>('leases', 'kube-node-lease', metadata?.name ?? '')
    return holds(lease?.spec?.holderIdentity)
      ? []
      : [`the Lease of ${metadata?.name} is held by ${lease?.spec?.holderIdentity}`]
  })
}
