/** May this Pod run on that Node? Each predicate answers why not, in the scheduler's words. */
import type { Node, NodeTerm, Pod, PodTerm, Requirement, Selector, Taint, Toleration } from './cluster-objects.ts'
import { isTerminal } from './pods.ts'

type Labels = Readonly<Record<string, string>>

export function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  const isAnyValue = operator === 'Exists'
  return key ? key === taint.key && (isAnyValue || value === (taint.value ?? '')) : isAnyValue
}

export const isTolerated = (tolerations: readonly Toleration[] | undefined, taint: Taint): boolean =>
  (tolerations ?? []).some(each => tolerates(each, taint))

export const hardTaints = ({ spec }: Node): readonly Taint[] =>
  (spec.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule')

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

function isCordoned({ spec }: Pod, node: Node): string | undefined {
  const refuses = node.spec.unschedulable && !isTolerated(spec.tolerations, UNSCHEDULABLE)
  return refuses ? 'node(s) were unschedulable' : undefined
}

function taintRefuses({ spec }: Pod, node: Node): string | undefined {
  const isRefused = hardTaints(node).some(taint => !isTolerated(spec.tolerations, taint))
  return isRefused ? 'node(s) had untolerated taint(s)' : undefined
}

const OPERATORS: Readonly<Record<string, (value: string | undefined, values: readonly string[]) => boolean>> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: value => value !== undefined,
  DoesNotExist: value => value === undefined,
  Gt: (value, values) => Number(value) > Number(values[0]),
  Lt: (value, values) => Number(value) < Number(values[0]),
}

const isMet = ({ key, operator, values = [] }: Requirement, labels: Labels): boolean =>
  OPERATORS[operator]?.(labels[key], values) ?? false

export const selects = ({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels = {}): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(each => isMet(each, labels))

function isTermMet({ matchExpressions = [], matchFields = [] }: NodeTerm, { metadata }: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  const fields = { 'metadata.name': metadata.name }
  return (
    matchExpressions.every(each => isMet(each, metadata.labels ?? {})) && matchFields.every(each => isMet(each, fields))
  )
}

export function affinityRefuses({ spec }: Pick<Pod, 'spec'>, node: Node): string | undefined {
  const isSelected = selects({ matchLabels: spec.nodeSelector ?? {} }, node.metadata.labels)
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const isAllowed = !required || required.nodeSelectorTerms.some(term => isTermMet(term, node))
  return isSelected && isAllowed ? undefined : "node(s) didn't match Pod's node affinity/selector"
}

const UNITS: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
}

function quantity(text = '0'): number {
  const [, number = '0', unit = ''] = /^([\d.]+)([A-Za-z]*)$/.exec(text) ?? []
  return Number(number) * (UNITS[unit] ?? 1)
}

const requested = ({ spec }: Pod, resource: string): number =>
  spec.containers.reduce((sum, { resources }) => sum + quantity(resources.requests?.[resource]), 0)

function isFull(pod: Pod, { metadata, status }: Node, pods: readonly Pod[]): string | undefined {
  const there = pods.filter(each => each.spec.nodeName === metadata.name && !isTerminal(each))
  if (there.length >= quantity(status.allocatable?.pods)) return 'Too many pods'
  const lacking = ['cpu', 'memory'].find(resource => {
    const wanted = requested(pod, resource)
    const taken = there.reduce((sum, each) => sum + requested(each, resource), 0)
    return wanted > 0 && taken + wanted > quantity(status.allocatable?.[resource])
  })
  return lacking && `Insufficient ${lacking}`
}

const repelling = ({ spec }: Pod): readonly PodTerm[] =>
  spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []

/** Of either: what is there may repel the Pod as the Pod may repel what is there. */
function isRepelled(pod: Pod, node: Node, { pods, nodes }: Surroundings): string | undefined {
  const domainOf = (name: string | undefined, key: string): string | undefined =>
    nodes.find(({ metadata }) => metadata.name === name)?.metadata.labels?.[key]
  const repels = (by: Pod, other: Pod): boolean =>
    repelling(by).some(({ labelSelector, topologyKey }) => {
      const place = by === pod ? other : by
      const isNear = domainOf(place.spec.nodeName, topologyKey) === domainOf(node.metadata.name, topologyKey)
      return isNear && labelSelector !== undefined && selects(labelSelector, other.metadata.labels)
    })
  const there = pods.filter(
    each => each.spec.nodeName && !isTerminal(each) && each.metadata.namespace === pod.metadata.namespace,
  )
  const isHit = there.some(each => repels(pod, each) || repels(each, pod))
  return isHit ? "node(s) didn't match pod anti-affinity rules" : undefined
}

export interface Surroundings {
  readonly pods: readonly Pod[]
  readonly nodes: readonly Node[]
}

/** @returns undefined where it may */
export const whyNot = (pod: Pod, node: Node, surroundings: Surroundings): string | undefined =>
  isCordoned(pod, node) ??
  affinityRefuses(pod, node) ??
  taintRefuses(pod, node) ??
  isFull(pod, node, surroundings.pods) ??
  isRepelled(pod, node, surroundings)
