/**
 * The Pods of one base → which modules they claim, in which order. Pure.
 * Both the pod reconciler (what to install) and the tunnel reconciler (what nobody claims) ask here.
 */
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { type BizKey, type BizReport, bizKey } from '../mqtt-bridge/index.ts'
import { ANNOTATION, type PodKey } from './names.ts'
import { keyOfPod, podRef } from './pod-identity.ts'
import type { ValueLookup } from './pod-lifecycle/container-env.ts'
import { drainMsOf, isOrdered, type ReplaceMode, replaceModeOf } from './pod-lifecycle/module-annotations.ts'
import { type ModuleSpec, readModules } from './pod-lifecycle/module-spec.ts'
import { isOver } from './pod-lifecycle/pod-end.ts'
import { preStopMsOf } from './pod-lifecycle/stop-hooks.ts'
import { type ClaimId, claimId, type ModuleTuple } from './registry/base-record.ts'

export interface Ran {
  readonly startedAtMs: number
  readonly imageId: string
}

export interface Claim {
  readonly id: ClaimId
  readonly pod: PodKey
  readonly podUid: string
  readonly container: string
  /** Among the containers of its Pod. */
  readonly position: number
  /** The container that its Pod wants active first. */
  readonly after?: { readonly container: string; readonly bizName: string }
  readonly bizName: string
  readonly tuple: ModuleTuple
  readonly createdAtMs: number
  /** Of the owner, known only where two claims were created within one second. */
  readonly revision: number
  /** Same for all Pods of one Deployment, StatefulSet or DaemonSet. */
  readonly workload: string
  readonly replace: ReplaceMode
  /** How long before its module is stopped its Pods leave their Services; 0: not at all. */
  readonly drainMs: number
  /** For how long its Pod, being deleted, asks to wait before its module is uninstalled; 0: not at all. */
  readonly preStopMs: number
  /** What the Pod's status last showed of this container while it ran: our memory across a restart of the operator. */
  readonly ran?: Ran
  /** The run before, where none is shown now: shown as ended, and it may stand still where what was to replace it never came. */
  readonly ended?: Ran
  /** Annotation `replacing`: see `pod-lifecycle/provenance.ts`. */
  readonly marker?: string
  /** Its Pod has ended and nobody deletes it: what it brought in goes, and nothing else that bears the name. */
  readonly isOver?: true
}

/** Claims of one biz on one base, newest first. */
export interface NameClaims {
  readonly bizName: string
  /** Claims that want the same tuple share one install. Ordered by each group's newest claim. */
  readonly groups: readonly ClaimGroup[]
  /** Pods being deleted, or over: they keep nothing alive, but wait for what they named to be gone. */
  readonly leaving: readonly Claim[]
  /**
   * A live Pod names this biz but cannot be read as a module now (a Secret that may not be read any more, an edit that
   * made it invalid). What it had installed before must not be taken for unwanted.
   */
  readonly held: boolean
}
export type ClaimGroup = readonly [Claim, ...Claim[]]

export interface ClaimLookups {
  readonly value: ValueLookup
  readonly revision: (podUid: string) => number | undefined
}

/** Terminal Pods claim nothing, and one being deleted only waits. */
export type Stage = 'present' | 'leaving' | 'ended'
export const hasEnded = (pod: V1Pod): boolean => pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded'

export function stageOf(pod: V1Pod): Stage {
  if (pod.metadata?.deletionTimestamp) return 'leaving'
  return hasEnded(pod) ? 'ended' : 'present'
}

const timeOf = (value: Date | string | undefined): number => (value ? new Date(value).getTime() : 0)

/** A Deployment's Pods belong to different ReplicaSets, whose names end in the template's hash. */
export function workloadOf(pod: V1Pod): string {
  const { namespace, uid, ownerReferences = [], labels = {} } = pod.metadata ?? {}
  const owner = ownerReferences.find(reference => reference.controller)
  if (!owner) return `Pod/${uid}`
  const suffix = `-${labels['pod-template-hash']}`
  return `${owner.kind}/${namespace}/${owner.name.endsWith(suffix) ? owner.name.slice(0, -suffix.length) : owner.name}`
}

function ranBefore(pod: V1Pod, container: string): Pick<Claim, 'ran' | 'ended'> {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container)
  return status?.imageID ? runsIn(status) : {}
}

function runsIn(status: V1ContainerStatus): Pick<Claim, 'ran' | 'ended'> {
  const ran = runOf(status, status.state?.running?.startedAt)
  if (ran) return { ran }
  const ended = runOf(status, (status.state?.terminated ?? status.lastState?.terminated)?.startedAt)
  return ended ? { ended } : {}
}

const runOf = ({ imageID: imageId }: V1ContainerStatus, startedAt: Date | undefined): Ran | undefined =>
  startedAt && { startedAtMs: timeOf(startedAt), imageId }

const afterOf = (before: ModuleSpec | undefined): Pick<Claim, 'after'> =>
  before ? { after: { container: before.container, bizName: before.bizName } } : {}

export function claimsOfPod(pod: V1Pod, lookups: ClaimLookups): readonly Claim[] {
  const { annotations, creationTimestamp } = pod.metadata ?? {}
  const { uid } = podRef(pod)
  const marker = annotations?.[ANNOTATION.replacing]
  const before = isOrdered(pod) ? readModules(pod, lookups.value) : []
  return readModules(pod, lookups.value).flatMap((spec, position) =>
    spec.kind !== 'module'
      ? []
      : {
          id: claimId(uid, spec.container),
          pod: keyOfPod(pod),
          podUid: uid,
          container: spec.container,
          position,
          ...afterOf(before[position - 1]),
          bizName: spec.bizName,
          tuple: spec.tuple,
          createdAtMs: timeOf(creationTimestamp),
          revision: lookups.revision(uid) ?? 0,
          workload: workloadOf(pod),
          replace: replaceModeOf(pod),
          drainMs: drainMsOf(pod),
          preStopMs: preStopMsOf(pod, spec.container),
          ...ranBefore(pod, spec.container),
          ...(marker === undefined ? {} : { marker }),
          ...(isOver(pod) && { isOver: true as const }),
        },
  )
}

/** Newest first. Creation times have whole seconds: within one, the owner's revision decides, then the uid. */
export function byNewest(a: Claim, b: Claim): number {
  return b.createdAtMs - a.createdAtMs || b.revision - a.revision || (a.podUid < b.podUid ? 1 : -1)
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item, index) => item === b[index])
const pairs = (envs: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(envs)
    .map(([name, value]) => `${name}=${value}`)
    .sort()

export const sameTuple = (a: ModuleTuple, b: ModuleTuple): boolean => a.restartedAt === b.restartedAt && sameBuild(a, b)

/** The same jar, started in the same way, whenever that is asked for. */
export const sameBuild = (a: ModuleTuple, b: ModuleTuple): boolean =>
  a.version === b.version && a.url === b.url && sameList(a.args, b.args) && sameList(pairs(a.envs), pairs(b.envs))

export function groupClaims(claims: readonly Claim[]): readonly ClaimGroup[] {
  const groups: [Claim, ...Claim[]][] = []
  for (const claim of [...claims].sort(byNewest)) {
    const group = groups.find(([first]) => sameTuple(first.tuple, claim.tuple))
    if (group) group.push(claim)
    else groups.push([claim])
  }
  return groups
}

/** All claims on one base, by biz name. */
export function claimsOn(pods: readonly V1Pod[], lookups: ClaimLookups): ReadonlyMap<string, NameClaims> {
  const present = new Map<string, Claim[]>()
  const leaving = new Map<string, Claim[]>()
  for (const pod of pods) {
    const stage = stageOf(pod)
    if (stage === 'ended' && !isOver(pod)) continue
    const into = stage === 'present' ? present : leaving
    for (const claim of claimsOfPod(pod, lookups)) into.set(claim.bizName, [...(into.get(claim.bizName) ?? []), claim])
  }
  const held = new Set(pods.flatMap(pod => namesHeld(pod, lookups)))
  const names = new Set([...present.keys(), ...leaving.keys(), ...held])
  return new Map(
    [...names].map(bizName => [
      bizName,
      {
        bizName,
        groups: groupClaims(present.get(bizName) ?? []),
        leaving: leaving.get(bizName) ?? [],
        held: held.has(bizName),
      },
    ]),
  )
}

function namesHeld(pod: V1Pod, lookups: ClaimLookups): readonly string[] {
  if (stageOf(pod) !== 'present') return []
  return readModules(pod, lookups.value).flatMap(spec => (spec.kind === 'module' ? [] : spec.bizName))
}

/**
 * Every `name:version` that a Pod on this base asks for, also one being deleted, and whatever runs under a name that is
 * held: none of these is foreign or unclaimed.
 */
export function claimedBizs(
  pods: readonly V1Pod[],
  lookups: ClaimLookups,
  bizs: Iterable<BizReport>,
): ReadonlySet<BizKey> {
  const held = new Set(pods.flatMap(pod => namesHeld(pod, lookups)))
  const keys = new Set<BizKey>()
  for (const { name, version } of bizs) if (held.has(name)) keys.add(bizKey(name, version))
  for (const pod of pods) {
    if (stageOf(pod) === 'ended') continue
    for (const claim of claimsOfPod(pod, lookups)) keys.add(bizKey(claim.bizName, claim.tuple.version))
  }
  return keys
}

/** Claims that want different things though they were created within one second. */
function tiedClaims({ groups }: NameClaims): readonly Claim[] {
  const tiesWith = (claim: Claim, group: ClaimGroup): boolean =>
    groups.some(other => other !== group && other.some(rival => rival.createdAtMs === claim.createdAtMs))
  return groups.flatMap(group => group.filter(claim => tiesWith(claim, group)))
}

/** Only Pods of tied claims need their owner's revision: those whose revision is not known yet. */
export function tiedPods(pods: readonly V1Pod[], lookups: ClaimLookups): readonly V1Pod[] {
  const tied = new Set([...claimsOn(pods, lookups).values()].flatMap(tiedClaims).map(({ podUid }) => podUid))
  return pods.filter(pod => tied.has(podRef(pod).uid) && lookups.revision(podRef(pod).uid) === undefined)
}
