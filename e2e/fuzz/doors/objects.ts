/** Objects of an API server: odd admission webhooks, other versions, fields missing or of other types, lines cut or garbled. */
import type { V1Pod } from '@kubernetes/client-node'
import fc from 'fast-check'
import type { ApiRequest } from '../../../operator/kube/api-client.ts'
import { leaseName, nodeName, podKey } from '../../../reconcilers/names.ts'
import { aLease, aNode } from '../../../reconcilers/node-lease/a-node.ts'
import { aPod } from '../../../reconcilers/pod-lifecycle/a-pod.ts'
import { AnOperator } from '../an-operator.ts'
import { captured } from '../captured.ts'
import { type Bytes, bytesOf, type Door, must, type OpenDoor } from '../door.ts'
import { type Json, mutated, payload, readableText } from '../hostile.ts'
import { Notes } from '../notes.ts'

interface Input {
  readonly resource: 'pods' | 'nodes' | 'leases'
  readonly listed: readonly Json[]
  readonly lines: readonly Bytes[]
  /** What comes back of each write. */
  readonly answer: Json
}

const asJson = (object: unknown): Json => JSON.parse(JSON.stringify(object)) as Json

const RUNNING = {
  phase: 'Running',
  startTime: '2026-01-01T00:00:00Z',
  podIP: '10.0.0.1',
  podIPs: [{ ip: '10.0.0.1' }],
  hostIP: '10.0.0.1',
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  containerStatuses: [
    {
      name: 'biz1',
      image: 'http://jars/biz1-0.0.1.jar',
      imageID: 'http://jars/biz1-0.0.1.jar',
      ready: true,
      started: true,
      restartCount: 1,
      state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      lastState: { terminated: { exitCode: 1, reason: 'Error', finishedAt: '2026-01-01T00:00:00Z' } },
    },
  ],
}

const PODS: readonly V1Pod[] = [
  aPod(),
  aPod({
    name: 'full',
    owner: 'web-5d4',
    labels: { 'pod-template-hash': '5d4' },
    annotations: { 'module-controller.koupleless.io/replacing': '{"tuple":"x","fromMs":1}' },
    args: ['$(BIZ_VERSION)'],
    env: [
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'values', key: 'a' } } },
      { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    spec: {
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
      readinessGates: [{ conditionType: 'example.com/gate' }],
    },
    status: RUNNING as unknown as NonNullable<V1Pod['status']>,
  }),
  aPod({ name: 'leaving', deleting: true, status: RUNNING as unknown as NonNullable<V1Pod['status']> }),
]
const SEEDS: Readonly<Record<Input['resource'], readonly Json[]>> = {
  pods: PODS.map(asJson),
  nodes: [asJson(aNode())],
  leases: [asJson(aLease(Date.parse('2026-11-24T00:00:00Z')))],
}
const TYPES = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR', 'ODD']

const inputOf = (resource: Input['resource']): fc.Arbitrary<Input> => {
  const object = mutated(SEEDS[resource])
  const events = SEEDS[resource].flatMap(seed => TYPES.map((type): Json => ({ type, object: seed })))
  return fc.record({
    resource: fc.constant(resource),
    listed: fc.array(object, { maxLength: 4 }),
    lines: fc.array(payload(events), { maxLength: 6 }),
    answer: fc.oneof({ weight: 3, arbitrary: object }, { weight: 1, arbitrary: mutated([{}]) }),
  })
}

const GOOD: Readonly<Record<Input['resource'], Json>> = {
  pods: asJson(aPod({ name: 'good', uid: 'uid-good' })),
  nodes: asJson({ ...aNode(), metadata: { ...aNode().metadata, name: 'good', uid: 'uid-good', annotations: {} } }),
  leases: asJson({ ...aLease(), metadata: { ...aLease().metadata, name: 'good', uid: 'uid-good' } }),
}

const VIRTUAL_MS = 12_000
/** Retries, and writes that are undone each time: far from what a loop without a brake would ask. */
const REQUESTS_MAX = 400

class Knocked implements OpenDoor<Input> {
  async knock(input: Input): Promise<readonly string[]> {
    const notes = new Notes()
    const listed = new Map<string, number>()
    await using operator = new AnOperator({
      ...notes.ports,
      answer: request => answerTo(request, input, listed),
      watched: ({ resource }) => (resource === input.resource ? linesOf(input) : []),
    })
    await operator.time.advance(1_000)
    for (const { topic, payload: text } of captured()) operator.hear(topic, text)
    await operator.time.advance(VIRTUAL_MS)
    must(operator.failure === undefined, 'the operator goes on', String(operator.failure))
    must(operator.composition.store.synced, 'what cannot be read holds up nothing: all watches list')
    must(hasGood(operator, input.resource), 'the next good object gets through')
    must(operator.requests.length <= REQUESTS_MAX, 'no loop of requests', tallied(operator.requests))
    for (const fault of notes.faults()) must(false, fault)
    const refused = notes.counted.filter(line => line.startsWith('koupleless_objects_refused_total'))
    return refused.length === 0 ? ['accepted'] : [...new Set(refused.map(line => line.replace(/^\S+ /, '')))]
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function tallied(requests: readonly ApiRequest[]): object {
  const counts = new Map<string, number>()
  for (const { verb, resource } of requests)
    counts.set(`${verb} ${resource}`, (counts.get(`${verb} ${resource}`) ?? 0) + 1)
  return Object.fromEntries(counts)
}

const linesOf = ({ lines, resource }: Input): readonly Buffer[] =>
  [...lines.map(bytesOf), Buffer.from(JSON.stringify({ type: 'ADDED', object: GOOD[resource] }))].flatMap(line => [
    line,
    Buffer.from('\n'),
  ])

function answerTo(
  { method, resource, path }: ApiRequest,
  { resource: odd, listed, answer }: Input,
  timesListed: Map<string, number>,
): string {
  if (method !== 'GET') return readableText(answer)
  const times = timesListed.get(path) ?? 0
  timesListed.set(path, times + 1)
  const items = resource === odd ? listed : (SEEDS[resource as Input['resource']] ?? [])
  // Whoever lists anew sees what the watch had to tell.
  const since = times > 0 && resource === odd ? [GOOD[odd]] : []
  return readableText({ items: [...items, ...since], metadata: { resourceVersion: '100' } })
}

function hasGood({ composition: { store } }: AnOperator, resource: Input['resource']): boolean {
  if (resource === 'pods') return store.pod(podKey('default', 'good')) !== undefined
  return (resource === 'nodes' ? store.node(nodeName('good')) : store.lease(leaseName(nodeName('good')))) !== undefined
}

export const OBJECTS: Door<Input> = {
  name: 'objects',
  what: 'lists, watches and answers of the API server',
  runsInTest: 12,
  cpuMsMax: 8_000,
  inputs: fc.constantFrom('pods' as const, 'nodes' as const, 'leases' as const).chain(inputOf),
  open: async () => new Knocked(),
}
