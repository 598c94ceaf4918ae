/** Taint eviction: a Pod leaves a Node whose NoExecute taints it does not tolerate, or no longer. */
import { keyOfNamed, type Named, type Node, type Pod, splitKey, type Taint } from './cluster-objects.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { tolerates } from './fitness.ts'
import { disruption, withDisruption } from './node-lifecycle.ts'
import { isLeaving, podsOn } from './pods.ts'
import { ServerCalls } from './server-calls.ts'

export function taintEvictionController({ server, time }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  /** Since when a Pod bears with its Node. */
  const since = new Map<string, number>()
  const evict = (pod: Pod): void => {
    const message = 'Taint manager: deleting due to NoExecute taint'
    const conditions = withDisruption(pod, disruption('DeletionByTaintManager', message, time.now()))
    calls.patch('pods', pod, { status: { conditions } }, 'status')
    calls.delete('pods', pod)
  }
  return {
    name: 'taint eviction',
    wakes: {
      pods: ({ object, before }) => (isBoundAnew(object as Pod, before) ? [keyOfNamed(object as Named)] : []),
      nodes: ({ object, before }) => {
        const node = object as Node
        const isSame = (before as Node | undefined)?.spec.taints === node.spec.taints
        return isSame ? [] : podsOn(server, node.metadata.name).map(keyOfNamed)
      },
    },
    reconcile(key) {
      const pod = server.get<Pod>('pods', ...splitKey(key))
      const node = pod && server.get<Node>('nodes', '', pod.spec.nodeName ?? '')
      const bearsSeconds = pod && node && !isLeaving(pod) ? patienceSeconds(pod, node) : undefined
      if (!pod || bearsSeconds === undefined) {
        since.delete(key)
        return undefined
      }
      const begunMs = since.get(key) ?? time.now()
      since.set(key, begunMs)
      const leftMs = begunMs + bearsSeconds * 1_000 - time.now()
      if (leftMs > 0) return leftMs
      since.delete(key)
      evict(pod)
      return undefined
    },
  }
}

/** Its Node, or what it tolerates, is another than before. */
function isBoundAnew({ spec }: Pod, before: unknown): boolean {
  const former = (before as Pod | undefined)?.spec
  return spec.nodeName !== undefined && (former?.nodeName !== spec.nodeName || former.tolerations !== spec.tolerations)
}

/** For how long it may stay; undefined: for ever. */
function patienceSeconds({ spec }: Pod, node: Node): number | undefined {
  const taints = (node.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
  if (taints.length === 0) return undefined
  const using = (taint: Taint) => (spec.tolerations ?? []).filter(each => tolerates(each, taint))
  if (taints.some(taint => using(taint).length === 0)) return 0
  const limits = taints.flatMap(using).flatMap(({ tolerationSeconds }) => tolerationSeconds ?? [])
  return limits.length > 0 ? Math.max(0, Math.min(...limits)) : undefined
}
