/** PodGC: the Pods of a Node that is gone, and stays gone for a while, are removed without grace. */
import type { Node, Pod } from './cluster-objects.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { disruption, withDisruption } from './node-lifecycle.ts'
import { isTerminal, podsOn } from './pods.ts'
import { ServerCalls } from './server-calls.ts'

const QUARANTINE_MS = 40_000
const ROUND_EVERY_MS = 20_000

export function podGcController({ server, time, rng }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  const goneSince = new Map<string, number>()
  const collect = (pod: Pod): void => {
    const conditions = withDisruption(pod, disruption('DeletionByPodGC', 'PodGC: node no longer exists', time.now()))
    if (!isTerminal(pod)) calls.patch('pods', pod, { status: { phase: 'Failed', conditions } }, 'status')
    calls.delete('pods', pod, { gracePeriodSeconds: 0 })
  }
  return {
    name: 'pod gc',
    wakes: {
      nodes: ({ type, object }) => (type === 'MODIFIED' ? [] : [(object as Node).metadata.name]),
      pods: ({ object }) => {
        const { nodeName } = (object as Pod).spec
        return nodeName && !server.get('nodes', '', nodeName) ? [nodeName] : []
      },
    },
    reconcile(name) {
      const pods = server.get('nodes', '', name) ? [] : podsOn(server, name)
      if (pods.length === 0) {
        goneSince.delete(name)
        return undefined
      }
      const sinceMs = goneSince.get(name) ?? time.now()
      goneSince.set(name, sinceMs)
      const leftMs = sinceMs + QUARANTINE_MS - time.now()
      if (leftMs > 0) return leftMs + Math.floor(rng.next() * ROUND_EVERY_MS)
      for (const pod of pods) collect(pod)
      return undefined
    },
  }
}
