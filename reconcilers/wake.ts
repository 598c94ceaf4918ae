/** Which change wakes which keys: the one table. A key woken for nothing costs a run; one not woken waits for its timer. */
import type { BaseId } from '../mqtt-bridge/index.ts'
import type { WorkQueue } from './loop/work-queue.ts'
import type { NodeName, PodKey } from './names.ts'
import type { BaseRecord, Change } from './registry/base-record.ts'

export interface Wakes {
  readonly nodeLease: readonly NodeName[]
  readonly baseTunnel: readonly BaseId[]
  /** The commands of a base. */
  readonly modules: readonly BaseId[]
  readonly pods: readonly PodKey[]
}

export interface Queues {
  readonly nodeLease: WorkQueue<NodeName>
  readonly baseTunnel: WorkQueue<BaseId>
  readonly modules: WorkQueue<BaseId>
  readonly pods: WorkQueue<PodKey>
}

type Room = keyof Wakes

const ALL: readonly Room[] = ['nodeLease', 'baseTunnel', 'modules', 'pods']

const WOKEN_BY: Readonly<Record<Change, readonly Room[]>> = {
  added: ALL,
  // Several a minute from every base, and almost always no news: see `tunnelWaitsFor`.
  seen: [],
  described: ['nodeLease', 'baseTunnel'],
  // A Pod shows its base's address.
  moved: ['nodeLease', 'baseTunnel', 'pods'],
  bizs: ['baseTunnel', 'modules', 'pods'],
  reach: ALL,
  // The Lease keeps it, the tunnel sweeps by it, a claim may wait for it.
  foreign: ALL,
  proofs: ['nodeLease'],
  // Whoever sent it knows; the tunnel looks more often while it runs.
  commanded: ['baseTunnel'],
  restarted: ALL,
  nodeIs: ['baseTunnel', 'modules', 'pods'],
  removed: ALL,
}

/** `podsOn`: the module Pods bound to that base's Node; asked only where Pods are woken. */
export function wakesOfChange(
  change: Change,
  record: BaseRecord,
  podsOn: (node: NodeName) => readonly PodKey[],
): Wakes {
  const rooms = change === 'seen' && tunnelWaitsFor(record) ? (['baseTunnel'] as const) : WOKEN_BY[change]
  const has = (room: Room): boolean => (rooms as readonly Room[]).includes(room)
  return {
    nodeLease: has('nodeLease') ? [record.nodeName] : [],
    baseTunnel: has('baseTunnel') ? [record.id] : [],
    modules: has('modules') ? [record.id] : [],
    pods: has('pods') ? podsOn(record.nodeName) : [],
  }
}

/** Is any sign of life news to the tunnel? Then it judges at once, and not at its next timer. */
function tunnelWaitsFor({ reach, noCommands, life, doubts, unclaimed, foreign, snapshot }: BaseRecord): boolean {
  if (reach.state !== 'heard' || noCommands || life.suspectAtMs !== undefined) return true
  return doubts.size > 0 || unclaimed.size > 0 || !foreign || !snapshot
}

export interface PodEvent {
  readonly key: PodKey
  /** The base of the Node that it is bound to; absent: bound to none that we know. */
  readonly base?: BaseId
  /** Being deleted, or gone: it claims nothing any more. */
  readonly leaving: boolean
  /** The other module Pods of that Node that stay: with this one's claim gone, another of them may win. */
  readonly siblings: () => readonly PodKey[]
}

export function wakesOfPod({ key, base, leaving, siblings }: PodEvent): Wakes {
  return {
    nodeLease: [],
    baseTunnel: [],
    modules: base === undefined ? [] : [base],
    pods: leaving && base !== undefined ? [key, ...siblings()] : [key],
  }
}

/** A Node and its Lease bear one name. */
export const wakesOfNodeOrLease = (name: NodeName): Wakes => ({
  nodeLease: [name],
  baseTunnel: [],
  modules: [],
  pods: [],
})

export function wake(queues: Queues, wakes: Wakes): void {
  for (const name of wakes.nodeLease) queues.nodeLease.add(name)
  for (const id of wakes.baseTunnel) queues.baseTunnel.add(id)
  for (const id of wakes.modules) queues.modules.add(id)
  for (const key of wakes.pods) queues.pods.add(key)
}
