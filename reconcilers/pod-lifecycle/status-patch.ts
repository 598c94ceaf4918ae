/** A planned Pod status as the patch that brings it about. Pure. */
import type { V1Pod, V1PodCondition } from '@kubernetes/client-node'
import type { Patch } from '../ports.ts'
import type { PodAction } from './pod-plan.ts'

type Planned = Pick<Extract<PodAction, { kind: 'patchStatus' }>, 'status' | 'ipsChanged'>

/**
 * Under the version that it was planned from: else a status planned from an older one, or one whose answer was lost, would
 * overwrite a newer, and with it the times of transitions and the count of restarts. A new IP needs whole lists; all else
 * merges with what other writers own.
 */
export function statusPatch(pod: V1Pod, { status, ipsChanged }: Planned): Patch {
  const metadata = { resourceVersion: pod.metadata?.resourceVersion }
  if (ipsChanged) return { type: 'merge', body: { metadata, status: { ...NO_IPS, ...status } } }
  const { podIPs: _ips, hostIPs: _hosts, conditions = [], ...rest } = status
  return { type: 'strategic', body: { metadata, status: { ...rest, conditions: conditions.map(whole) } } }
}

/** A base may have no address any more by which others reach it: what is left out would stay. */
const NO_IPS = { podIP: null, podIPs: null, hostIP: null, hostIPs: null }

/** A strategic patch merges conditions by type: what is left out stays as it was, and a Ready Pod would keep its old reason. */
const whole = (condition: V1PodCondition): object => ({ reason: null, message: null, ...condition })
