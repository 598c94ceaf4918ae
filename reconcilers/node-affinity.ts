/** Does a Node satisfy what a Pod requires of it? Pure: nodeSelector and required node affinity, as scheduler and kubelet read them. */
import type { V1NodeSelectorRequirement, V1NodeSelectorTerm, V1Pod } from '@kubernetes/client-node'

export interface NodeFace {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

const INTEGER = /^[+-]?\d{1,18}$/

function compare(value: string | undefined, [bound = '']: readonly string[], sign: 1 | -1): boolean {
  if (value === undefined || !INTEGER.test(value) || !INTEGER.test(bound)) return false
  return sign * (Number(value) - Number(bound)) > 0
}

type Matches = (value: string | undefined, values: readonly string[]) => boolean

const OPERATORS: ReadonlyMap<string, Matches> = new Map<string, Matches>([
  ['In', (value, values) => value !== undefined && values.includes(value)],
  ['NotIn', (value, values) => value === undefined || !values.includes(value)],
  ['Exists', value => value !== undefined],
  ['DoesNotExist', value => value === undefined],
  ['Gt', (value, values) => compare(value, values, 1)],
  ['Lt', (value, values) => compare(value, values, -1)],
])

/** For a word that we do not know no Pod is ended. */
const meets = ({ operator, values = [] }: V1NodeSelectorRequirement, value: string | undefined): boolean =>
  OPERATORS.get(operator)?.(value, values) ?? true

const labelOf = ({ labels }: NodeFace, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined

/** A selector that asks for nothing matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: V1NodeSelectorTerm, node: NodeFace): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  return (
    matchExpressions.every(one => meets(one, labelOf(node, one.key))) &&
    matchFields.every(one => meets(one, one.key === 'metadata.name' ? node.name : undefined))
  )
}

export function fitsNode({ spec }: V1Pod, node: NodeFace): boolean {
  const selected = Object.entries(spec?.nodeSelector ?? {})
  if (selected.some(([key, value]) => labelOf(node, key) !== value)) return false
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || required.nodeSelectorTerms.some(term => matchesTerm(term, node))
}
