/** EndpointSlice: for each Service the addresses of its Pods, and which of them serve. One slice per Service is enough here. */
import { isSame } from '../api/api-object.ts'
import {
  type EndpointSlice,
  keyOfNamed,
  type Named,
  ownerReference,
  type Pod,
  type Service,
  splitKey,
} from './cluster-objects.ts'
import type { Controller, ControllersOptions } from './controller.ts'
import { selects } from './fitness.ts'
import { isLeaving, isReady, isTerminal } from './pods.ts'
import { ServerCalls } from './server-calls.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'

export function endpointSliceController({ server }: ControllersOptions): Controller {
  const calls = new ServerCalls(server)
  const servicesOf = (pod: Pod): readonly Service[] =>
    server
      .list<Service>('services')
      .filter(service => service.metadata.namespace === pod.metadata.namespace && isMeant(service, pod))
  return {
    name: 'endpointslice',
    wakes: {
      services: ({ object }) => [keyOfNamed(object as Named)],
      endpointslices: ({ object }) => {
        const { namespace, labels = {} } = (object as Named).metadata
        return [`${namespace}/${labels[SERVICE_NAME] ?? ''}`]
      },
      pods: ({ object, before }) =>
        [object, before].flatMap(each => (each ? servicesOf(each as Pod).map(keyOfNamed) : [])),
    },
    reconcile(key) {
      const [namespace, name] = splitKey(key)
      const service = server.get<Service>('services', namespace, name)
      const slice = server
        .list<EndpointSlice>('endpointslices')
        .find(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[SERVICE_NAME] === name)
      if (!service?.spec.selector) return undefined
      const pods = server
        .list<Pod>('pods')
        .filter(
          pod => pod.metadata.namespace === namespace && isMeant(service, pod) && pod.status.podIP && !isTerminal(pod),
        )
      const endpoints = pods.map(pod => endpointOf(service, pod))
      if (!slice) calls.create('endpointslices', namespace, newSlice(service, endpoints))
      else if (!isSame(slice.endpoints, endpoints)) calls.replace('endpointslices', { ...slice, endpoints } as Named)
      return undefined
    },
  }
}

const isMeant = ({ spec }: Service, { metadata }: Pod): boolean =>
  spec.selector !== undefined && selects({ matchLabels: spec.selector }, metadata.labels)

function endpointOf({ spec }: Service, pod: Pod): object {
  const { name, namespace, uid } = pod.metadata
  const serving = isReady(pod)
  const terminating = isLeaving(pod)
  const ready = spec.publishNotReadyAddresses === true || (serving && !terminating)
  return {
    addresses: [pod.status.podIP],
    conditions: { ready, serving, terminating },
    targetRef: { kind: 'Pod', namespace, name, uid },
    nodeName: pod.spec.nodeName,
  }
}

const newSlice = (service: Service, endpoints: readonly object[]): object => ({
  metadata: {
    generateName: `${service.metadata.name}-`,
    labels: { [SERVICE_NAME]: service.metadata.name },
    ownerReferences: [ownerReference(service)],
  },
  addressType: 'IPv4',
  endpoints,
  ports: (service.spec.ports ?? []).map(({ name = '', port, targetPort = port }) => ({
    name,
    port: targetPort,
    protocol: 'TCP',
  })),
})
