import type { V1NodeSelectorRequirement, V1NodeSelectorTerm, V1Pod } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { fitsNode } from './node-affinity.ts'
import { aPod } from './pod-lifecycle/a-pod.ts'

const node = { name: 'virtual-node-b1', labels: { version: '1.1.1', cores: '8' } }

const requires = (...nodeSelectorTerms: V1NodeSelectorTerm[]): V1Pod => {
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } }
  return aPod({ spec: { affinity: { nodeAffinity } } })
}
const label = (key: string, operator: string, ...values: string[]): V1NodeSelectorRequirement => ({
  key,
  operator,
  ...(values.length > 0 && { values }),
})

test.each<[string, V1NodeSelectorRequirement, boolean]>([
  ['In, one of them', label('version', 'In', '1.0.0', '1.1.1'), true],
  ['In, none of them', label('version', 'In', '2.0.0'), false],
  ['In, a label that is not there', label('zone', 'In', 'a'), false],
  ['NotIn, none of them', label('version', 'NotIn', '2.0.0'), true],
  ['NotIn, one of them', label('version', 'NotIn', '1.1.1'), false],
  ['NotIn, a label that is not there', label('zone', 'NotIn', 'a'), true],
  ['Exists', label('version', 'Exists'), true],
  ['Exists, a label that is not there', label('constructor', 'Exists'), false],
  ['DoesNotExist', label('version', 'DoesNotExist'), false],
  ['DoesNotExist, a label that is not there', label('zone', 'DoesNotExist'), true],
  ['Gt, above', label('cores', 'Gt', '7'), true],
  ['Gt, equal', label('cores', 'Gt', '8'), false],
  ['Lt, below', label('cores', 'Lt', '9'), true],
  ['Lt, no number', label('version', 'Lt', '9'), false],
  ['an operator of a later version', label('version', 'Resembles', '2.0.0'), true],
])('%s', (_what, requirement, fits) => {
  expect(fitsNode(requires({ matchExpressions: [requirement] }), node)).toBe(fits)
})

test('all of a term, any of the terms; an empty one matches nothing', () => {
  const here = label('version', 'In', '1.1.1')
  const elsewhere = label('version', 'In', '2.0.0')
  expect(fitsNode(requires({ matchExpressions: [here, elsewhere] }), node)).toBe(false)
  expect(fitsNode(requires({ matchExpressions: [elsewhere] }, { matchExpressions: [here] }), node)).toBe(true)
  expect(fitsNode(requires({}), node)).toBe(false)
})

test('a field is the name of the Node: what a DaemonSet asks for', () => {
  expect(fitsNode(requires({ matchFields: [label('metadata.name', 'In', node.name)] }), node)).toBe(true)
  expect(fitsNode(requires({ matchFields: [label('metadata.name', 'In', 'other')] }), node)).toBe(false)
})

test('a nodeSelector is met by every label that it names', () => {
  expect(fitsNode(aPod({ spec: { nodeSelector: { version: '1.1.1' } } }), node)).toBe(true)
  expect(fitsNode(aPod({ spec: { nodeSelector: { version: '1.1.1', zone: 'a' } } }), node)).toBe(false)
  expect(fitsNode(aPod(), node)).toBe(true)
})
