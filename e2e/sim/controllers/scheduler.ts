/** Scheduler: each Pod without a Node gets one that it may run on, the emptiest first. */
import type { V1Node, V1Pod, V1PodCondition } from '@kubernetes/client-node'
import { timestamp } from '../api/api-object.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { whyNot } from './fitness.ts'
import { isTerminal, keyOfNamed, splitKey } from './pods.ts'
import { ServerCalls } from './server-calls.ts'

export function scheduler({ server, time, rng }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  const waiting = (): readonly string[] => server.list<V1Pod>('pods').filter(isWaiting).map(keyOfNamed)
  return {
    name: 'scheduler',
    wakes: {
      pods: ({ type, object }) =>
        type === 'DELETED' || isTerminal(object as V1Pod) ? waiting() : [keyOfNamed(object)],
      nodes: waiting,
    },
    reconcile(key) {
      const pod = server.get<V1Pod>('pods', ...splitKey(key))
      if (!pod || !isWaiting(pod)) return undefined
      const pods = server.list<V1Pod>('pods')
      const nodes = server.list<V1Node>('nodes')
      const judged = nodes.map(node => ({ node, why: whyNot(pod, node, pods, nodes) }))
      const fit = judged.filter(({ why }) => why === undefined).map(({ node }) => node)
      const chosen = emptiest(fit, pods, rng)
      if (chosen) calls.bind(pod, chosen.metadata?.name ?? '')
      else tellUnschedulable(calls, pod, judged, time.now())
      return undefined
    },
  }
}

const isWaiting = (pod: V1Pod): boolean =>
  !pod.spec?.nodeName && !pod.metadata?.deletionTimestamp && !isTerminal(pod) && !pod.spec?.schedulingGates?.length

function emptiest(nodes: readonly V1Node[], pods: readonly V1Pod[], rng: { next(): number }): V1Node | undefined {
  const load = (node: V1Node): number => pods.filter(({ spec }) => spec?.nodeName === node.metadata?.name).length
  const least = Math.min(...nodes.map(load))
  const best = nodes.filter(node => load(node) === least)
  return best.length > 1 ? best[Math.floor(rng.next() * best.length)] : best[0]
}

function tellUnschedulable(
  calls: ServerCalls,
  pod: V1Pod,
  judged: readonly { readonly why: string | undefined }[],
  nowMs: number,
): void {
  const counts = new Map<string, number>()
  for (const { why = '' } of judged) counts.set(why, (counts.get(why) ?? 0) + 1)
  const reasons = [...counts].map(([why, count]) => `${count} ${why}`).sort()
  const message = `0/${judged.length} nodes are available: ${reasons.join(', ')}.`
  const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (before?.reason === 'Unschedulable' && before.message === message) return
  const lastTransitionTime = before?.status === 'False' ? before.lastTransitionTime : timestamp(nowMs)
  const told = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime }
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled')
  const conditions = [...others, told as V1PodCondition]
  calls.patch('pods', pod, { status: { conditions } }, 'status')
}
