/** Scheduler: each Pod without a Node gets one that it may run on, the emptiest first. */
import { timestamp } from '../api/api-object.ts'
import { type Condition, keyOfNamed, type Named, type Node, type Pod, splitKey } from './cluster-objects.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { type Surroundings, whyNot } from './fitness.ts'
import { conditionOf, isActive, isLeaving, isTerminal, withCondition } from './pods.ts'
import { ServerCalls } from './server-calls.ts'

export function scheduler({ server, time, rng }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  const waiting = (): readonly string[] => server.list<Pod>('pods').filter(isWaiting).map(keyOfNamed)
  const makesRoom = (pod: Pod): boolean => isTerminal(pod) || isLeaving(pod)
  return {
    name: 'scheduler',
    wakes: {
      pods: ({ type, object }) =>
        type === 'DELETED' || makesRoom(object as Pod) ? waiting() : [keyOfNamed(object as Named)],
      nodes: waiting,
    },
    reconcile(key) {
      const pod = server.get<Pod>('pods', ...splitKey(key))
      if (!pod || !isWaiting(pod)) return undefined
      const surroundings = { pods: server.list<Pod>('pods'), nodes: server.list<Node>('nodes') }
      const reasons = surroundings.nodes.map(node => whyNot(pod, node, surroundings))
      const fit = surroundings.nodes.filter((_node, at) => reasons[at] === undefined)
      const chosen = emptiest(fit, surroundings, rng)
      if (chosen) calls.bind(pod, chosen.metadata.name)
      else tellUnschedulable(calls, pod, reasons, time.now())
      return undefined
    },
  }
}

const isWaiting = (pod: Pod): boolean =>
  isActive(pod) && !pod.spec.nodeName && !pod.spec.schedulingGates && pod.spec.schedulerName === 'default-scheduler'

function emptiest(nodes: readonly Node[], { pods }: Surroundings, rng: { next(): number }): Node | undefined {
  const load = ({ metadata }: Node): number => pods.filter(({ spec }) => spec.nodeName === metadata.name).length
  const least = Math.min(...nodes.map(load))
  const best = nodes.filter(node => load(node) === least)
  return best.length > 1 ? best[Math.floor(rng.next() * best.length)] : best[0]
}

function tellUnschedulable(
  calls: ServerCalls,
  pod: Pod,
  reasons: readonly (string | undefined)[],
  nowMs: number,
): void {
  const counts = new Map<string, number>()
  for (const why of reasons) if (why) counts.set(why, (counts.get(why) ?? 0) + 1)
  const told = [...counts].map(([why, count]) => `${count} ${why}`).sort()
  const message = `0/${reasons.length} nodes are available: ${told.join(', ')}.`
  const before = conditionOf(pod, 'PodScheduled')
  if (before?.message === message) return
  const lastTransitionTime = before?.lastTransitionTime ?? timestamp(nowMs)
  const condition: Condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime,
  }
  calls.patch('pods', pod, { status: { conditions: withCondition(pod.status.conditions, condition) } }, 'status')
}
