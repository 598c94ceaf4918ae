/** Garbage collector: what only owners had that are gone goes too. */
import type { OwnerReference } from '../api/api-object.ts'
import type { ServerChange, SimApiServer } from '../api/sim-api-server.ts'
import { type Named, splitKey } from './cluster-objects.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { isLeaving } from './pods.ts'
import { ServerCalls } from './server-calls.ts'

const OWNERS: Readonly<Record<string, string>> = {
  Node: 'nodes',
  Pod: 'pods',
  Service: 'services',
  Deployment: 'deployments',
  ReplicaSet: 'replicasets',
  DaemonSet: 'daemonsets',
  StatefulSet: 'statefulsets',
}
const OWNED = ['pods', 'replicasets', 'controllerrevisions', 'endpointslices', 'leases'] as const

/** `pods default/web-1`, `leases kube-node-lease/a`. */
const keyOf = (resource: string, { metadata }: Named): string => `${resource} ${metadata.namespace}/${metadata.name}`

export function garbageCollector({ server }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  const orphansOf = ({ type, object }: ServerChange): readonly string[] => {
    if (type !== 'DELETED') return []
    const { uid } = (object as Named).metadata
    return OWNED.flatMap(resource =>
      server
        .list<Named>(resource)
        .filter(({ metadata }) => metadata.ownerReferences?.some(each => each.uid === uid))
        .map(each => keyOf(resource, each)),
    )
  }
  const ownedAnew = ({ type, object, before, resource }: ServerChange): readonly string[] => {
    const { ownerReferences } = (object as Named).metadata
    const isNew = type !== 'DELETED' && ownerReferences?.length !== undefined && !before
    return isNew ? [keyOf(resource, object as Named)] : []
  }
  const watched = [...new Set([...Object.values(OWNERS), ...OWNED])]
  return {
    name: 'garbage collector',
    wakes: Object.fromEntries(
      watched.map(resource => [resource, (change: ServerChange) => [...orphansOf(change), ...ownedAnew(change)]]),
    ),
    reconcile(key) {
      const [resource = '', place = ''] = key.split(' ')
      const object = server.get<Named>(resource, ...splitKey(place))
      if (object && isOrphan(server, object)) calls.delete(resource, object)
      return undefined
    },
  }
}

function isOrphan(server: SimApiServer, object: Named): boolean {
  const { ownerReferences = [], namespace } = object.metadata
  const isOwned = ownerReferences.length > 0 && !isLeaving(object)
  return isOwned && ownerReferences.every(owner => !isThere(server, owner, namespace))
}

/** An owner of a kind that is not served here is taken to be there. */
function isThere(server: SimApiServer, { kind, name, uid }: OwnerReference, namespace: string): boolean {
  const resource = OWNERS[kind]
  if (!resource) return true
  const owner = server.get<Named>(resource, resource === 'nodes' ? '' : namespace, name)
  return owner?.metadata.uid === uid
}
