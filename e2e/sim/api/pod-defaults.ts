/** What the API server fills in where a Pod, or a template of Pods, says nothing. */
import type { JsonObject } from './api-object.ts'

function container(given: JsonObject): JsonObject {
  const image = String(given.image ?? '')
  const tag = image.slice(image.lastIndexOf('/') + 1).split(':')[1]
  return {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent',
    ...given,
  }
}

export function podTemplateSpec(given: JsonObject): JsonObject {
  const { containers = [], initContainers } = given as Readonly<Record<string, readonly JsonObject[]>>
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...given,
    containers: containers.map(container),
    ...(initContainers && { initContainers: initContainers.map(container) }),
  }
}
