/**
 * Node lifecycle: a Node whose Lease is not renewed becomes Unknown, its Pods not ready; what a Node says of itself becomes
 * taints. Harsher than the real one: no zones, no rate, and no mercy where all Nodes are lost at once.
 */

import { LEASE_NAMESPACE } from '../../../reconcilers/names.ts'
import { isSame, timestamp } from '../api/api-object.ts'
import type { Condition, Named, Node, Pod, Taint } from './cluster-objects.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { conditionOf, podsOn, withCondition } from './pods.ts'
import { ServerCalls } from './server-calls.ts'

/** By minor version: `--node-monitor-grace-period` was 40 s until 1.31. */
const graceMs = (minor: number): number => (minor < 32 ? 40_000 : 50_000)
const STARTUP_GRACE_MS = 60_000
const MONITOR_EVERY_MS = 5_000

interface Lease extends Named {
  readonly spec: { readonly renewTime?: string }
}

/** When each Node last gave a sign of life, by our clock. */
interface Sign {
  readonly told: string
  readonly atMs: number
}

export function nodeLifecycleController({ server, time, rng }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  const signs = new Map<string, Sign>()
  const note = (name: string): Sign => {
    const sign = signOf(server.get('nodes', '', name), server.get('leases', LEASE_NAMESPACE, name))
    const known = signs.get(name)
    if (known?.told === sign) return known
    const seen = { told: sign, atMs: time.now() }
    signs.set(name, seen)
    return seen
  }
  const isUnknown = (name: string): boolean => readyOf(server.get<Node>('nodes', '', name))?.status === 'Unknown'
  return {
    name: 'node lifecycle',
    wakes: {
      nodes: ({ object }) => [(object as Node).metadata.name],
      // A Lease is renewed all the time: only its time counts, and the look that is due will find it.
      leases: ({ object }) => {
        const { namespace, name } = (object as Named).metadata
        if (namespace !== LEASE_NAMESPACE || !server.get('nodes', '', name)) return []
        note(name)
        return isUnknown(name) ? [name] : []
      },
    },
    reconcile(name) {
      const node = server.get<Node>('nodes', '', name)
      if (!node) {
        signs.delete(name)
        return undefined
      }
      const limitMs = readyOf(node) ? graceMs(server.kubernetesMinor) : STARTUP_GRACE_MS
      const leftMs = note(name).atMs + limitMs - time.now()
      if (leftMs <= 0 && loses(calls, node, time.now())) markPodsNotReady(calls, podsOn(server, name), time.now())
      const now = server.get<Node>('nodes', '', name)
      if (now) taint(calls, now, time.now())
      return leftMs > 0 ? leftMs + Math.floor(rng.next() * MONITOR_EVERY_MS) : undefined
    },
  }
}

const readyOf = (node: Node | undefined): Condition | undefined =>
  node?.status.conditions?.find(({ type }) => type === 'Ready')

const signOf = (node: Node | undefined, lease: Lease | undefined): string =>
  `${lease?.spec.renewTime ?? ''} ${readyOf(node)?.lastHeartbeatTime ?? ''}`

const KUBELETS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const

/** @returns false where it is known to be lost already */
function loses(calls: ServerCalls, node: Node, nowMs: number): boolean {
  const { conditions = [] } = node.status
  const lastTransitionTime = timestamp(nowMs)
  const never = KUBELETS.filter(type => !conditions.some(each => each.type === type)).map(type => ({
    type,
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime,
  }))
  const stopped = conditions.map(each => {
    const isKubelets = (KUBELETS as readonly string[]).includes(each.type)
    if (!isKubelets || each.status === 'Unknown') return each
    const message = 'Kubelet stopped posting node status.'
    return { ...each, status: 'Unknown', reason: 'NodeStatusUnknown', message, lastTransitionTime }
  })
  const wasReady = readyOf(node)?.status === 'True'
  if (never.length > 0 || !isSame(stopped, conditions))
    calls.patch('nodes', node, { status: { conditions: [...stopped, ...never] } }, 'status')
  return wasReady
}

function markPodsNotReady(calls: ServerCalls, pods: readonly Pod[], nowMs: number): void {
  for (const pod of pods) {
    const ready = conditionOf(pod, 'Ready')
    if (ready?.status !== 'True') continue
    const lost = { ...ready, status: 'False', lastTransitionTime: timestamp(nowMs) }
    const conditions = pod.status.conditions?.map(each => (each === ready ? lost : each))
    calls.patch('pods', pod, { status: { conditions } }, 'status')
  }
}

const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'

/** Which state of which condition bars new Pods. */
const BARS: readonly (readonly [type: string, status: string, key: string])[] = [
  ['Ready', 'False', NOT_READY],
  ['Ready', 'Unknown', UNREACHABLE],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
]
const CORDONED = 'node.kubernetes.io/unschedulable'

function wantedTaints({ spec, status }: Node): readonly Taint[] {
  const has = (type: string, value: string): boolean =>
    status.conditions?.some(each => each.type === type && each.status === value) ?? false
  const barring = BARS.filter(([type, value]) => has(type, value)).map(([, , key]) => ({ key, effect: 'NoSchedule' }))
  const evicting = BARS.slice(0, 2).filter(([type, value]) => has(type, value))
  return [
    ...barring,
    ...(spec.unschedulable ? [{ key: CORDONED, effect: 'NoSchedule' }] : []),
    ...evicting.map(([, , key]) => ({ key, effect: 'NoExecute' })),
  ]
}

const OURS = new Set([...BARS.map(([, , key]) => `${key} NoSchedule`), `${CORDONED} NoSchedule`])
const EVICTS = new Set([`${NOT_READY} NoExecute`, `${UNREACHABLE} NoExecute`])
const idOf = ({ key, effect }: Taint): string => `${key} ${effect}`

function taint(calls: ServerCalls, node: Node, nowMs: number): void {
  const before = node.spec.taints ?? []
  const wanted = wantedTaints(node)
  const isKept = (each: Taint): boolean => {
    const isOurs = OURS.has(idOf(each)) || EVICTS.has(idOf(each))
    return !isOurs || wanted.some(other => idOf(other) === idOf(each))
  }
  const added = wanted.filter(each => !before.some(other => idOf(other) === idOf(each)))
  const kept = before.filter(isKept)
  if (added.length === 0 && kept.length === before.length) return
  const taints = [...kept, ...added.map(each => ({ ...each, timeAdded: timestamp(nowMs) }))]
  calls.patch('nodes', node, { spec: { taints } })
}

/** Why a Pod is about to be deleted, as its controllers and people see it. */
export const disruption = (reason: string, message: string, nowMs: number): Condition => ({
  type: 'DisruptionTarget',
  status: 'True',
  reason,
  message,
  lastTransitionTime: timestamp(nowMs),
})

export const withDisruption = (pod: Pod, condition: Condition): readonly Condition[] =>
  withCondition(pod.status.conditions, condition)
