/** What cases create, with no more in it than the case is about. */

export const NOW = '2026-03-01T10:00:00Z'
export const OTHER_UID = '01234567-89ab-4cde-8f01-23456789abcd'
/** No scheduler heeds it: a Pod stays where the case leaves it. */
export const NO_SCHEDULER = 'nobody'

export function pod(name: string, spec: object = {}, metadata: object = {}): object {
  const containers = [{ name: 'main', image: 'http://jars.example.com/one.jar' }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { schedulerName: NO_SCHEDULER, containers, ...spec },
  }
}

export const boundPod = (name: string, spec: object = {}, metadata: object = {}): object =>
  pod(name, { nodeName: 'a-node', ...spec }, metadata)

export const node = (name: string, extra: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  ...extra,
})

export const lease = (name: string, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, ...metadata },
  spec: { holderIdentity: 'one', leaseDurationSeconds: 40, renewTime: '2026-03-01T10:00:00.123000Z', ...spec },
})

export const configMap = (name: string, data: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
})

export const condition = (type: string, status: string, extra: object = {}): object => ({
  type,
  status,
  lastTransitionTime: NOW,
  ...extra,
})
