/** The operator's own client, its writes, its Events and its watches, on a real API server and on the simulated one alike. */
import type { V1Lease, V1Node, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { aWitness } from '../../../../operator/kube/a-witness.ts'
import type { Api } from '../../../../operator/kube/api-client.ts'
import { KubeCluster } from '../../../../operator/kube/cluster.ts'
import { EVENT_COMPONENT, EventRecorder } from '../../../../operator/kube/event-recorder.ts'
import type { Change } from '../../../../operator/kube/kept-objects.ts'
import type { KubeObject } from '../../../../operator/kube/kube-object.ts'
import { Reflector } from '../../../../operator/kube/reflector.ts'
import { leaseName, nodeName, podKey } from '../../../../reconcilers/names.ts'
import { ApiError, type Clock } from '../../../../reconcilers/ports.ts'
import { MicroTime } from '../../../../reconcilers/times.ts'
import { boundPod } from '../contract/drafts.ts'

export interface ClientSide {
  readonly api: Api
  readonly clock: Clock
  readonly namespace: string
  until(what: string, holds: () => boolean): Promise<void>
}

const OTHER_UID = '01234567-89ab-4cde-8f01-23456789abcd'
const uidOf = ({ metadata }: { metadata?: { uid?: string } }): string => metadata?.uid ?? ''
const rng = { next: () => 0.5 }

class Operator {
  readonly cluster: KubeCluster
  readonly #side: ClientSide

  constructor(side: ClientSide) {
    this.#side = side
    const { api, clock, namespace } = side
    this.cluster = new KubeCluster({ api, clock, ownNamespace: namespace, env: 'prod', namespaces: [namespace] })
  }

  get node(): V1Node {
    return { apiVersion: 'v1', kind: 'Node', metadata: { name: `${this.#side.namespace}-node` } }
  }

  get nodeName() {
    return nodeName(`${this.#side.namespace}-node`)
  }

  pod(name: string) {
    return podKey(this.#side.namespace, name)
  }

  async createPod(name: string): Promise<V1Pod> {
    const body = JSON.stringify(boundPod(name, { nodeName: this.nodeName }, { labels: { app: 'web' } }))
    const path = `/api/v1/namespaces/${this.#side.namespace}/pods`
    const contentType = 'application/json'
    return this.#side.api.json<V1Pod>({ method: 'POST', path, verb: 'create', resource: 'pods', body, contentType })
  }
}

const statusOf = async (asked: Promise<unknown>): Promise<number> =>
  asked.then(
    () => 200,
    (error: unknown) => (error instanceof ApiError ? error.status : -1),
  )

export function clientContract(open: () => Promise<ClientSide>): void {
  describe('writes', () => {
    test('a Node is created, patched under its version, and only the one that is meant is deleted', async () => {
      const operator = new Operator(await open())
      const { cluster } = operator
      const created = await cluster.createNode(operator.node)
      expect(await statusOf(cluster.createNode(operator.node))).toBe(409)
      const { resourceVersion } = created.metadata ?? {}
      const labels = { body: { metadata: { resourceVersion, labels: { a: 'b' } } }, type: 'merge' } as const
      expect((await cluster.patchNode(operator.nodeName, labels)).metadata?.labels).toEqual({ a: 'b' })
      expect(await statusOf(cluster.patchNode(operator.nodeName, labels))).toBe(409)
      await cluster.deleteNode(operator.nodeName, OTHER_UID)
      await cluster.patchNodeStatus(operator.nodeName, { type: 'merge', body: { status: { phase: 'Running' } } })
      await cluster.deleteNode(operator.nodeName, uidOf(created))
      await cluster.deleteNode(operator.nodeName, uidOf(created))
      expect(await statusOf(cluster.patchNode(operator.nodeName, labels))).toBe(404)
    })

    test('a Lease is a lock: of two that replace it one is refused', async () => {
      const operator = new Operator(await open())
      const renewTime = new MicroTime(Date.parse('2026-03-01T10:00:00.5Z'))
      const metadata = { name: operator.nodeName, namespace: 'kube-node-lease' }
      const lease: V1Lease = { metadata, spec: { holderIdentity: 'one', leaseDurationSeconds: 40, renewTime } }
      const created = await operator.cluster.createLease(lease)
      const taken = { ...created, spec: { ...created.spec, holderIdentity: 'two' } }
      const renewed = await operator.cluster.replaceLease(taken)
      expect(renewed.spec?.renewTime).toBe('2026-03-01T10:00:00.500000Z')
      expect(await statusOf(operator.cluster.replaceLease({ ...taken, spec: { holderIdentity: 'three' } }))).toBe(409)
      await operator.cluster.deleteLease(leaseName(operator.nodeName), uidOf(created))
      await operator.cluster.deleteLease(leaseName(operator.nodeName), uidOf(created))
    })

    test('a Pod that was re-created is another: its status is a conflict, its deletion is done', async () => {
      const operator = new Operator(await open())
      const { cluster } = operator
      const first = await operator.createPod('one')
      const patch = { type: 'strategic', body: { status: { phase: 'Running' } } } as const
      const patched = await cluster.patchPodStatus(operator.pod('one'), uidOf(first), patch)
      expect([uidOf(patched), patched.status]).toEqual([uidOf(first), undefined])
      await cluster.deletePod(operator.pod('one'), uidOf(first))
      expect(await statusOf(cluster.patchPodStatus(operator.pod('one'), uidOf(first), patch))).toBe(404)
      const second = await operator.createPod('one')
      expect(await statusOf(cluster.patchPodStatus(operator.pod('one'), uidOf(first), patch))).toBe(409)
      await cluster.deletePod(operator.pod('one'), uidOf(first))
      const [left, another] = await cluster.listPodsOn(operator.nodeName)
      expect([uidOf(left ?? {}), another]).toEqual([uidOf(second), undefined])
    })

    test('the memory is written where there was none, and again where there is one', async () => {
      const { cluster } = new Operator(await open())
      expect(await cluster.readMemory()).toBeUndefined()
      for (const text of ['[]', '[1]']) {
        await cluster.writeMemory({ data: { 'bases.json': text } })
        expect((await cluster.readMemory())?.data).toEqual({ 'bases.json': text })
      }
    })

    test('an Event is told once and counted', async () => {
      const side = await open()
      const { api, clock, namespace } = side
      const stop = new AbortController()
      const brake = { take: async () => true }
      const options = { api, clock, brake, nextId: () => '1', instance: 'one', signal: stop.signal, ...aWitness() }
      const recorder = new EventRecorder(options)
      const involvedObject = { kind: 'Pod', namespace, name: 'one', uid: OTHER_UID }
      const event = { metadata: { namespace }, involvedObject, type: 'Normal', reason: 'Installed', message: 'so' }
      const path = `/api/v1/namespaces/${namespace}/events/one.1`
      const request = { method: 'GET', path, verb: 'get', resource: 'events' } as const
      let counted = 0
      const ask = (): void =>
        void api.json<{ count: number; source: { component: string } }>(request).then(
          ({ count, source }) => {
            counted = source.component === EVENT_COMPONENT ? count : 0
          },
          () => undefined,
        )
      for (const times of [1, 2]) {
        recorder.emit(event)
        await side.until(`it was told ${times} times`, () => {
          ask()
          return counted === times
        })
      }
    })
  })

  describe('watches', () => {
    test('what is listed is followed, also into and out of what is selected', async () => {
      const side = await open()
      const operator = new Operator(side)
      const first = await operator.createPod('one')
      const seen: string[] = []
      const stop = new AbortController()
      const running = watching(side, stop.signal, ({ type, object }) => seen.push(`${type} ${object.metadata?.name}`))
      await side.until('the list is there', () => seen.length === 1)
      await operator.createPod('two')
      const { cluster } = operator
      const patch = (labels: object) =>
        cluster.patchPod(operator.pod('one'), uidOf(first), { type: 'merge', body: { metadata: { labels } } })
      await patch({ more: 'x' })
      await patch({ app: 'other' })
      await patch({ app: 'web' })
      await cluster.deletePod(operator.pod('one'), uidOf(first))
      await side.until('all is told', () => seen.length === 7)
      stop.abort()
      await running
      expect(seen).toEqual([
        'ADDED one',
        'ADDED two',
        'MODIFIED one',
        'DELETED one',
        'ADDED one',
        'MODIFIED one',
        'DELETED one',
      ])
    })
  })
}

function watching(
  { api, clock, namespace }: ClientSide,
  signal: AbortSignal,
  onChange: (change: Change<KubeObject>) => void,
) {
  const options = {
    resource: 'pods',
    path: `/api/v1/namespaces/${namespace}/pods`,
    apiVersion: 'v1',
    kind: 'Pod',
    labelSelector: 'app=web',
    trim: (object: KubeObject) => object,
    onChange,
  }
  return new Reflector<KubeObject>(options, { api, clock, rng, ...aWitness() }).run(signal)
}
