/** What the API server fills in where a Pod, or a template of Pods, says nothing. */
import type { JsonObject } from './api-object.ts'

type List = readonly JsonObject[]

function container(given: JsonObject): JsonObject {
  const image = String(given.image ?? '')
  const tag = image.slice(image.lastIndexOf('/') + 1).split(':')[1]
  return {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicy(image, tag),
    ...given,
  }
}

/** A URL is no image name: what cannot be read bears no tag `latest`. */
function pullPolicy(image: string, tag: string | undefined): string {
  const isLatest = !image.includes('://') && (tag === undefined || tag === 'latest')
  return isLatest ? 'Always' : 'IfNotPresent'
}

const lists = (given: JsonObject, change: (each: JsonObject) => JsonObject): JsonObject => {
  const { containers = [], initContainers } = given as Readonly<Record<string, List>>
  return {
    ...given,
    containers: containers.map(change),
    ...(initContainers && { initContainers: initContainers.map(change) }),
  }
}

export const podTemplateSpec = (given: JsonObject): JsonObject => ({
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  securityContext: {},
  schedulerName: 'default-scheduler',
  ...lists(given, container),
})

const TOKEN_AT = '/var/run/secrets/kubernetes.io/serviceaccount'
const TOKEN_SOURCES = [
  { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
  {
    downwardAPI: {
      items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
    },
  },
]

/** Admission of the namespace's ServiceAccount: its token in a volume of each Pod. */
function withServiceAccount(spec: JsonObject, suffix: string): JsonObject {
  const name = `kube-api-access-${suffix}`
  const mount = { name, readOnly: true, mountPath: TOKEN_AT }
  const volume = { name, projected: { sources: TOKEN_SOURCES, defaultMode: 420 } }
  const mounted = (each: JsonObject): JsonObject => ({
    ...each,
    volumeMounts: [...((each.volumeMounts as List | undefined) ?? []), mount],
  })
  return {
    serviceAccountName: 'default',
    serviceAccount: spec.serviceAccountName ?? 'default',
    ...lists(spec, mounted),
    volumes: [...((spec.volumes as List | undefined) ?? []), volume],
  }
}

/** Admission: five minutes on a Node that is lost, unless the Pod says otherwise. */
function withTolerations(spec: JsonObject): JsonObject {
  const tolerations = (spec.tolerations as List | undefined) ?? []
  const isTold = (key: string): boolean =>
    tolerations.some(each => (each.key === key || !each.key) && (each.effect === 'NoExecute' || !each.effect))
  const added = TOLERATED.filter(key => !isTold(key)).map(key => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  }))
  return { ...spec, tolerations: [...tolerations, ...added] }
}
const TOLERATED = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const

/** `suffix`: of the name of the token's volume. */
export const admittedPodSpec = (given: JsonObject, suffix: string): JsonObject => ({
  priority: 0,
  enableServiceLinks: true,
  preemptionPolicy: 'PreemptLowerPriority',
  ...withTolerations(withServiceAccount(podTemplateSpec(given), suffix)),
})
