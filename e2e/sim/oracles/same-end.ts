/** What users have in the end, whatever befell the world meanwhile: by workload or bare Pod, its modules and how many serve. */
import type { V1DaemonSet, V1Deployment, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import type { World } from '../world.ts'
import { isModule } from './claims-seen.ts'
import { waitingForPath } from './path-claims.ts'
import { quarrelling } from './settled-workloads.ts'

const modulesOf = ({ spec }: V1Deployment | V1StatefulSet | V1DaemonSet): string =>
  (spec?.template.spec?.containers ?? [])
    .map(({ name, image, args = [], env = [] }) => [name, image, ...args, env.find(isVersion)?.value].join(' '))
    .join(' + ')

const isVersion = ({ name }: { readonly name: string }): boolean => name === 'BIZ_VERSION'

/** Left out: workloads that quarrel over a biz, of which the one that came last wins, and when they came is part of the faults. */
export function endOf({ server, bases }: World): ReadonlyMap<string, string> {
  const pods = server.list<V1Pod>('pods').filter(isModule)
  const excused = new Set([...quarrelling(pods), ...waitingForPath({ bases }, pods)])
  const end = new Map<string, string>()
  const tell = (kind: string, name: string | undefined, text: string): void => {
    if (name !== undefined && !excused.has(name)) end.set(`${kind} ${name}`, text)
  }
  for (const { metadata, ...rest } of server.list<V1Deployment>('deployments'))
    tell('Deployment', metadata?.name, `${modulesOf(rest)}: ${readyIn(rest)} ready`)
  for (const { metadata, ...rest } of server.list<V1StatefulSet>('statefulsets'))
    tell('StatefulSet', metadata?.name, `${modulesOf(rest)}: ${readyIn(rest)} ready`)
  // How many bases there are in the end is part of the faults.
  for (const { metadata, ...rest } of server.list<V1DaemonSet>('daemonsets'))
    tell('DaemonSet', metadata?.name, `${modulesOf(rest)}: ${missingOf(rest)} not ready`)
  return end
}

const readyIn = ({ status }: V1Deployment | V1StatefulSet): number => status?.readyReplicas ?? 0

const missingOf = ({ status }: V1DaemonSet): number =>
  (status?.desiredNumberScheduled ?? 0) - (status?.numberReady ?? 0)

/** Of those that both have: one that quarrels in only one of them is not compared. */
export function differences(
  end: ReadonlyMap<string, string>,
  withoutFaults: ReadonlyMap<string, string>,
): readonly string[] {
  return [...end].flatMap(([what, is]) => {
    const would = withoutFaults.get(what)
    return would === undefined || would === is ? [] : [`${what} has ${is}; without faults ${would}`]
  })
}
