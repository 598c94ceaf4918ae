import type { V1Lease, V1Node, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { trimLease, trimNode, trimPod, trimToLife } from './trim.ts'

const METADATA = {
  name: 'a',
  namespace: 'shop',
  uid: 'u1',
  resourceVersion: '7',
  labels: { app: 'a' },
  annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', own: 'kept' },
  ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', uid: 'r1', controller: true }],
  finalizers: ['f'],
  generation: 3,
  deletionGracePeriodSeconds: 30,
  managedFields: [{ manager: 'kubectl' }],
}

const REQUIRED = {
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
  },
}

describe('what is kept of an object', () => {
  test('of a Pod: what reconcilers read, and its whole status', () => {
    const pod: V1Pod = {
      metadata: METADATA,
      spec: {
        nodeName: 'virtual-node-a',
        restartPolicy: 'Always',
        activeDeadlineSeconds: 20,
        terminationGracePeriodSeconds: 30,
        schedulerName: 'default-scheduler',
        nodeSelector: { a: 'b' },
        affinity: {
          nodeAffinity: { ...REQUIRED, preferredDuringSchedulingIgnoredDuringExecution: [] },
          podAffinity: {},
        },
        tolerations: [{ key: 'k', operator: 'Exists' }],
        readinessGates: [{ conditionType: 'g' }],
        volumes: [{ name: 'kube-api-access' }],
        initContainers: [{ name: 'init', image: 'i', command: ['x'] }],
        containers: [
          {
            name: 'biz1',
            image: 'http://jars/biz1.jar',
            env: [{ name: 'BIZ_VERSION', value: '1' }],
            args: ['--a'],
            lifecycle: { preStop: { sleep: { seconds: 5 } } },
            resources: { requests: { cpu: '1' } },
            volumeMounts: [{ name: 'kube-api-access', mountPath: '/x' }],
          },
        ],
      },
      status: { phase: 'Running', podIP: '10.0.0.1' },
    }
    const { managedFields: _dropped, annotations: _both, ...metadata } = METADATA
    expect(trimPod(pod)).toEqual({
      metadata: { ...metadata, annotations: { own: 'kept' } },
      spec: {
        nodeName: 'virtual-node-a',
        restartPolicy: 'Always',
        activeDeadlineSeconds: 20,
        terminationGracePeriodSeconds: 30,
        nodeSelector: { a: 'b' },
        affinity: { nodeAffinity: REQUIRED },
        tolerations: [{ key: 'k', operator: 'Exists' }],
        readinessGates: [{ conditionType: 'g' }],
        initContainers: [{ name: 'init' }],
        containers: [
          {
            name: 'biz1',
            image: 'http://jars/biz1.jar',
            env: [{ name: 'BIZ_VERSION', value: '1' }],
            args: ['--a'],
            lifecycle: { preStop: { sleep: { seconds: 5 } } },
          },
        ],
      },
      status: { phase: 'Running', podIP: '10.0.0.1' },
    })
  })

  test('of a Node: no images and volumes, whoever wrote them', () => {
    const node: V1Node = {
      metadata: METADATA,
      spec: { taints: [{ key: 't', effect: 'NoExecute' }] },
      status: { images: [{ names: ['i'] }], volumesInUse: ['v'], capacity: { pods: '110' } },
    }
    expect(trimNode(node)).toMatchObject({ spec: node.spec, status: { capacity: { pods: '110' } } })
    expect(trimNode(node).status).not.toHaveProperty('images')
    expect(trimNode(node).metadata).not.toHaveProperty('managedFields')
  })

  test('of a Lease: all but managedFields, since it goes back by PUT', () => {
    const lease = { metadata: METADATA, spec: { holderIdentity: 'me', strategy: 'new' } } as V1Lease
    const { managedFields: _dropped, ...metadata } = METADATA
    expect(trimLease(lease)).toEqual({ metadata, spec: { holderIdentity: 'me', strategy: 'new' } })
  })

  test('of what only has to be there: who it is, and whether it goes', () => {
    const who = { name: 'a', namespace: 'shop', uid: 'u1', resourceVersion: '7' }
    expect(trimToLife({ metadata: METADATA }).metadata).toEqual(who)
    const deletionTimestamp = new Date(1_800_000_000_000)
    expect(trimToLife({ metadata: { ...METADATA, deletionTimestamp } }).metadata).toEqual({ ...who, deletionTimestamp })
  })
})
