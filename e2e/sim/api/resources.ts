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

type Field = (object: ApiObject) => string

const inSpec =
  (field: string): Field =>
  ({ spec }) =>
    text(spec?.[field])
const inStatus =
  (field: string): Field =>
  ({ status }) =>
    text(status?.[field])
const involved =
  (field: string): Field =>
  ({ involvedObject }) =>
    text((involvedObject as JsonObject | undefined)?.[field])
const own =
  (field: string): Field =>
  object =>
    text(object[field])

const POD: Readonly<Record<string, Field>> = {
  'spec.nodeName': inSpec('nodeName'),
  'spec.restartPolicy': inSpec('restartPolicy'),
  'spec.schedulerName': inSpec('schedulerName'),
  'spec.serviceAccountName': inSpec('serviceAccountName'),
  'spec.hostNetwork': ({ spec }) => String(spec?.hostNetwork === true),
  'status.phase': inStatus('phase'),
  'status.podIP': ({ status }) => (status?.podIPs as readonly { ip: string }[] | undefined)?.[0]?.ip ?? '',
  'status.nominatedNodeName': inStatus('nominatedNodeName'),
}
const INVOLVED = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
const EVENT: Readonly<Record<string, Field>> = {
  ...Object.fromEntries(INVOLVED.map(field => [`involvedObject.${field}`, involved(field)])),
  reason: own('reason'),
  type: own('type'),
  reportingComponent: own('reportingComponent'),
}

const FIELDS: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  pods: POD,
  nodes: { 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable === true) },
  events: EVENT,
  secrets: { type: own('type') },
  namespaces: { 'status.phase': inStatus('phase') },
  replicasets: { 'status.replicas': ({ status }) => text(status?.replicas ?? 0) },
}
const ANY: Readonly<Record<string, Field>> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace ?? '',
}

/** How to read what a field selector asks for; undefined: this resource cannot be selected by it. */
export const selectableField = ({ plural }: Resource, field: string): Field | undefined =>
  ANY[field] ?? FIELDS[plural]?.[field]
