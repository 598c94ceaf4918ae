/** May this Pod run on that Node? Each predicate answers why not, in the scheduler's words. */
import type {
  V1Node,
  V1NodeSelectorRequirement,
  V1NodeSelectorTerm,
  V1Pod,
  V1Taint,
  V1Toleration,
} from '@kubernetes/client-node'
import { isTerminal } from './pods.ts'

type Labels = Readonly<Record<string, string>>

export function tolerates(tolerations: readonly V1Toleration[] | undefined, taint: V1Taint): boolean {
  return (tolerations ?? []).some(({ key, operator = 'Equal', value = '', effect }) => {
    if (effect && effect !== taint.effect) return false
    if (!key) return operator === 'Exists'
    return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''))
  })
}

function taintRefuses(pod: V1Pod, node: V1Node): string | undefined {
  const refused = (node.spec?.taints ?? [])
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
    .find(taint => !tolerates(pod.spec?.tolerations, taint))
  return refused && `node(s) had untolerated taint(s)`
}

const UNSCHEDULABLE: V1Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

function isCordoned(pod: V1Pod, node: V1Node): string | undefined {
  const refuses = node.spec?.unschedulable === true && !tolerates(pod.spec?.tolerations, UNSCHEDULABLE)
  return refuses ? 'node(s) were unschedulable' : undefined
}

function requirementMet({ key, operator, values = [] }: V1NodeSelectorRequirement, labels: Labels): boolean {
  const value = labels[key]
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return Number(value) > Number(values[0])
    case 'Lt':
      return Number(value) < Number(values[0])
    default:
      return false
  }
}

function termMet({ matchExpressions = [], matchFields = [] }: V1NodeSelectorTerm, node: V1Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  const fields = { 'metadata.name': node.metadata?.name ?? '' }
  const labels = node.metadata?.labels ?? {}
  return (
    matchExpressions.every(each => requirementMet(each, labels)) &&
    matchFields.every(each => requirementMet(each, fields))
  )
}

export function affinityRefuses(pod: V1Pod, node: V1Node): string | undefined {
  const labels = node.metadata?.labels ?? {}
  const selected = Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const isMet = !required || required.nodeSelectorTerms.some(term => termMet(term, node))
  return selected && isMet ? undefined : "node(s) didn't match Pod's node affinity/selector"
}

function isFull(node: V1Node, pods: readonly V1Pod[]): string | undefined {
  const room = Number(node.status?.allocatable?.pods ?? 0)
  const on = pods.filter(pod => pod.spec?.nodeName === node.metadata?.name && !isTerminal(pod))
  return on.length < room ? undefined : 'Too many pods'
}

/** @returns undefined where it may */
export function whyNot(
  pod: V1Pod,
  node: V1Node,
  pods: readonly V1Pod[],
  _nodes: readonly V1Node[],
): string | undefined {
  return isCordoned(pod, node) ?? affinityRefuses(pod, node) ?? taintRefuses(pod, node) ?? isFull(node, pods)
}
