import type { V1Pod } from '@kubernetes/client-node'
import { type PodKey, podKey } from './names.ts'

export interface PodRef {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** Who a Pod is: the API server always fills these, the generated types only say that they may be there. */
export function podRef(pod: V1Pod): PodRef {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
  return { namespace, name, uid }
}

export function keyOfPod(pod: V1Pod): PodKey {
  const { namespace, name } = podRef(pod)
  return podKey(namespace, name)
}
