/** Objects cut to what is used, before they are kept: a Pod as the API server sends it is three times as large. Pure. */
import type {
  KubernetesObject,
  V1Container,
  V1Lease,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1PodSpec,
} from '@kubernetes/client-node'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Only those of the named fields that are there: an `undefined` field costs as much as a short one. */
function pick<T extends object, K extends keyof T>(object: T, fields: readonly K[]): Pick<T, K> {
  const picked: Partial<Pick<T, K>> = {}
  for (const field of fields) if (object[field] !== undefined) picked[field] = object[field]
  return picked as Pick<T, K>
}

const META_FIELDS = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
] as const satisfies readonly (keyof V1ObjectMeta)[]

export function trimMeta(metadata: V1ObjectMeta | undefined): V1ObjectMeta {
  const meta: V1ObjectMeta = pick(metadata ?? {}, META_FIELDS)
  if (meta.annotations?.[LAST_APPLIED] === undefined) return meta
  const { [LAST_APPLIED]: _dropped, ...annotations } = meta.annotations
  return { ...meta, annotations }
}

const CONTAINER_FIELDS = ['name', 'image', 'env', 'envFrom', 'args', 'command', 'lifecycle'] as const
const SPEC_FIELDS = [
  'nodeName',
  'nodeSelector',
  'restartPolicy',
  'activeDeadlineSeconds',
  'terminationGracePeriodSeconds',
  'tolerations',
  'readinessGates',
  'hostNetwork',
] as const

function trimSpec(spec: V1PodSpec): V1PodSpec {
  const { initContainers, containers = [], affinity } = spec
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return {
    ...pick(spec, SPEC_FIELDS),
    ...(required && { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } }),
    containers: containers.map((container): V1Container => pick(container, CONTAINER_FIELDS)),
    ...(initContainers && { initContainers: initContainers.map(({ name }) => ({ name })) }),
  }
}

export function trimPod({ metadata, spec, status }: V1Pod): V1Pod {
  return {
    metadata: trimMeta(metadata),
    ...(spec && { spec: trimSpec(spec) }),
    ...(status && { status }),
  }
}

/** A base reports no images and no volumes, but others may have written some. */
export function trimNode({ metadata, spec, status }: V1Node): V1Node {
  const { images: _images, volumesInUse: _used, volumesAttached: _attached, ...rest } = status ?? {}
  return { metadata: trimMeta(metadata), ...(spec && { spec }), ...(status && { status: rest }) }
}

/** Goes back by PUT: nothing but managedFields, which the API server keeps by itself, may be left out. */
export function trimLease({ metadata, spec }: V1Lease): V1Lease {
  const { managedFields: _managed, ...meta } = metadata ?? {}
  return { metadata: meta, ...(spec && { spec }) }
}

/** Objects that count by whether they are there, and for how long still. */
export const trimToLife = ({ metadata }: KubernetesObject): KubernetesObject => ({
  metadata: pick(metadata ?? {}, ['name', 'namespace', 'uid', 'resourceVersion', 'deletionTimestamp']),
})
