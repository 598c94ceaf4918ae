/** A planned Pod status as the patch that brings it about. Pure. */
import type { V1Pod, V1PodCondition } from '@kubernetes/client-node'
import type { Patch } from '../ports.ts'
import type { PodAction } from './pod-plan.ts'

/** A new IP needs whole lists and therefore a lock; all else merges with what other writers own. */
export function statusPatch(pod: V1Pod, { status, ipsChanged }: Extract<PodAction, { kind: 'patchStatus' }>): Patch {
  if (ipsChanged)
    return { type: 'merge', body: { metadata: { resourceVersion: pod.metadata?.resourceVersion }, status } }
  const { podIPs: _ips, hostIPs: _hosts, conditions = [], ...rest } = status
  return { type: 'strategic', body: { status: { ...rest, conditions: conditions.map(whole) } } }
}

/** A strategic patch merges conditions by type: what is left out stays as it was, and a Ready Pod would keep its old reason. */
const whole = (condition: V1PodCondition): object => ({ reason: null, message: null, ...condition })
