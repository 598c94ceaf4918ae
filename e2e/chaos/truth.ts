/** What the world is like, asked of the API server and of the bases themselves; and what of it is not as it should be. */
import type { V1Node, V1Pod } from '@kubernetes/client-node'
import type { Api } from '../bench/api.ts'
import { isModule } from '../sim/oracles/claims-seen.ts'
import { isOurs, nodeNameOf, ofBase, ofPod, type TrueBase } from '../sim/oracles/settled.ts'
import { type Objects, ofWorkloads, quarrelling } from '../sim/oracles/settled-workloads.ts'

const RESOURCES = {
  pods: '/api/v1/pods',
  nodes: '/api/v1/nodes',
  deployments: '/apis/apps/v1/deployments',
  statefulsets: '/apis/apps/v1/statefulsets',
  daemonsets: '/apis/apps/v1/daemonsets',
} as const

type Resource = keyof typeof RESOURCES

/** All that the oracles read, as of one moment or nearly so. */
export async function lookAt(api: Api): Promise<Objects> {
  const lists = new Map<string, readonly unknown[]>()
  await Promise.all(
    (Object.keys(RESOURCES) as Resource[]).map(async resource => {
      lists.set(resource, (await api.call<{ items: readonly unknown[] }>('GET', RESOURCES[resource])).items)
    }),
  )
  return { list: <T>(resource: Resource) => (lists.get(resource) ?? []) as readonly T[] }
}

/** What is not yet as it should be; nothing: bases run exactly what the Pods say, and Pods say what they run. */
export function unsettled(objects: Objects, bases: readonly TrueBase[]): readonly string[] {
  const pods = objects.list<V1Pod>('pods').filter(isModule)
  const nodes = objects.list<V1Node>('nodes').filter(isOurs)
  const names = new Set(bases.map(nodeNameOf))
  return [
    ...bases.flatMap(base => ofBase(base, { pods, nodes }, new Set())),
    ...nodes.flatMap(({ metadata }) =>
      names.has(metadata?.name ?? '') ? [] : [`Node ${metadata?.name} stands for no base`],
    ),
    ...pods.flatMap(pod => ofPod(pod, nodes)),
    ...pods.flatMap(({ metadata, spec }) => (spec?.nodeName ? [] : [`Pod ${metadata?.name} is bound to no Node`])),
    ...ofWorkloads(objects, quarrelling(pods)),
  ]
}
