/** What the server serves, and by which rules each kind is kept. */
import type { ApiObject, JsonObject } from './api-object.ts'

export interface Resource {
  readonly plural: string
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly namespaced: boolean
  /** Written through `/status` only. */
  readonly hasStatus: boolean
  /** A change of `spec` counts. */
  readonly counts: boolean
  /** A PUT creates what is not there. */
  readonly createsOnUpdate: boolean
  /** A PUT must name the version it replaces. */
  readonly needsVersion: boolean
}

type Rule = Partial<Pick<Resource, 'namespaced' | 'hasStatus' | 'counts' | 'createsOnUpdate' | 'needsVersion'>>

function resource(groupVersion: string, plural: string, kind: string, rule: Rule = {}): Resource {
  const [group = '', version = ''] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion]
  const plain = { namespaced: true, hasStatus: false, counts: false, createsOnUpdate: false, needsVersion: false }
  return { plural, group, version, kind, ...plain, ...rule }
}

const WORKLOAD = { hasStatus: true, counts: true } as const

export const RESOURCES: readonly Resource[] = [
  resource('v1', 'pods', 'Pod', { hasStatus: true }),
  resource('v1', 'nodes', 'Node', { namespaced: false, hasStatus: true }),
  resource('v1', 'namespaces', 'Namespace', { namespaced: false, hasStatus: true }),
  resource('v1', 'services', 'Service', { hasStatus: true }),
  resource('v1', 'serviceaccounts', 'ServiceAccount'),
  resource('v1', 'configmaps', 'ConfigMap'),
  resource('v1', 'secrets', 'Secret'),
  resource('v1', 'events', 'Event', { createsOnUpdate: true }),
  resource('coordination.k8s.io/v1', 'leases', 'Lease', { createsOnUpdate: true, needsVersion: true }),
  resource('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice', { counts: true }),
  resource('apps/v1', 'deployments', 'Deployment', WORKLOAD),
  resource('apps/v1', 'replicasets', 'ReplicaSet', WORKLOAD),
  resource('apps/v1', 'daemonsets', 'DaemonSet', WORKLOAD),
  resource('apps/v1', 'statefulsets', 'StatefulSet', WORKLOAD),
  resource('apps/v1', 'controllerrevisions', 'ControllerRevision'),
]

export const apiVersionOf = ({ group, version }: Resource): string => (group ? `${group}/${version}` : version)

/** As errors name it: `leases.coordination.k8s.io`. */
export const qualified = ({ plural, group }: Resource): string => (group ? `${plural}.${group}` : plural)

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value))

function fieldsOfPod({ spec = {}, status = {} }: ApiObject): Readonly<Record<string, string>> {
  const ips = (status.podIPs as readonly { ip: string }[] | undefined) ?? []
  return {
    'spec.nodeName': text(spec.nodeName),
    'spec.restartPolicy': text(spec.restartPolicy),
    'spec.schedulerName': text(spec.schedulerName),
    'spec.serviceAccountName': text(spec.serviceAccountName),
    'spec.hostNetwork': String(spec.hostNetwork === true),
    'status.phase': text(status.phase),
    'status.podIP': ips[0]?.ip ?? '',
    'status.nominatedNodeName': text(status.nominatedNodeName),
  }
}

function fieldsOfEvent(event: ApiObject): Readonly<Record<string, string>> {
  const involved = (event.involvedObject ?? {}) as JsonObject
  const fields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
  return {
    ...Object.fromEntries(fields.map(field => [`involvedObject.${field}`, text(involved[field])])),
    reason: text(event.reason),
    type: text(event.type),
    reportingComponent: text(event.reportingComponent),
  }
}

const FIELDS: Readonly<Record<string, (object: ApiObject) => Readonly<Record<string, string>>>> = {
  pods: fieldsOfPod,
  nodes: ({ spec = {} }) => ({ 'spec.unschedulable': String(spec.unschedulable === true) }),
  events: fieldsOfEvent,
  secrets: ({ type }) => ({ type: text(type) }),
  namespaces: ({ status = {} }) => ({ 'status.phase': text(status.phase) }),
  replicasets: ({ status = {} }) => ({ 'status.replicas': text(status.replicas ?? 0) }),
}

/** What a field selector may ask of an object; by these names and no others. */
export function selectableFields({ plural }: Resource, object: ApiObject): Readonly<Record<string, string>> {
  const { name, namespace = '' } = object.metadata
  return { 'metadata.name': name, 'metadata.namespace': namespace, ...FIELDS[plural]?.(object) }
}
