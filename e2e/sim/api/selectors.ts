/** Label and field selectors, as a LIST or a watch names them. */
import type { ApiObject } from './api-object.ts'
import { badRequest } from './refusal.ts'
import { type Resource, selectableField } from './resources.ts'

export type Selects = (object: ApiObject) => boolean
type Labels = Readonly<Record<string, string>>
type Requirement = (labels: Labels) => boolean

const SET = /^\s*([^\s!=,()]+)\s+(in|notin)\s*\(([^)]*)\)\s*$/
const EQUAL = /^\s*([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)\s*$/
const PRESENT = /^\s*(!?)\s*([^\s!=,()]+)\s*$/

function requirement(text: string): Requirement {
  const found = setRequirement(text) ?? equalRequirement(text) ?? presence(text)
  if (!found) throw badRequest(`unable to parse requirement: ${text}`)
  return found
}

function setRequirement(text: string): Requirement | undefined {
  const [, key, operator, list = ''] = SET.exec(text) ?? []
  if (key === undefined) return undefined
  const values = new Set(list.split(',').map(value => value.trim()))
  const isIn: Requirement = labels => key in labels && values.has(labels[key] ?? '')
  return operator === 'in' ? isIn : labels => !isIn(labels)
}

function equalRequirement(text: string): Requirement | undefined {
  const [, key, operator, value] = EQUAL.exec(text) ?? []
  if (key === undefined) return undefined
  return operator === '!=' ? labels => labels[key] !== value : labels => labels[key] === value
}

function presence(text: string): Requirement | undefined {
  const [, not, key] = PRESENT.exec(text) ?? []
  if (key === undefined) return undefined
  return not ? labels => !(key in labels) : labels => key in labels
}

/** Commas inside parentheses part values, not requirements. */
const requirementsOf = (text: string): readonly Requirement[] =>
  text.trim() === '' ? [] : text.split(/,(?![^(]*\))/).map(requirement)

/** @throws Refusal 400 */
export function labelSelector(text: string): (labels: Labels | undefined) => boolean {
  const all = requirementsOf(text)
  return (labels = {}) => all.every(matches => matches(labels))
}

const FIELD = /^([^=!]+?)(==|=|!=)(.*)$/

/** @throws Refusal 400 also for a field that this resource cannot be selected by */
function fieldSelector(resource: Resource, text: string): Selects {
  const all = text.split(',').map((part): Selects => {
    const [, field = '', operator, value = ''] = FIELD.exec(part) ?? []
    if (operator === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`)
    const read = selectableField(resource, field)
    if (!read) throw badRequest(unsupported(resource, field))
    return object => (read(object) === value) === (operator !== '!=')
  })
  return object => all.every(selects => selects(object))
}

const unsupported = ({ plural }: Resource, field: string): string =>
  plural === 'pods' || plural === 'nodes'
    ? `field label not supported: ${field}`
    : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`

/** What a collection request selects. @throws Refusal 400 */
export function selectorOf(resource: Resource, namespace: string, query: URLSearchParams): Selects {
  const labels = query.get('labelSelector') ?? ''
  const fields = query.get('fieldSelector') ?? ''
  const tests: Selects[] = []
  if (namespace) tests.push(({ metadata }) => metadata.namespace === namespace)
  if (labels) {
    const matches = labelSelector(labels)
    tests.push(({ metadata }) => matches(metadata.labels))
  }
  if (fields) tests.push(fieldSelector(resource, fields))
  const [only, ...others] = tests
  if (!only) return () => true
  return others.length === 0 ? only : object => tests.every(selects => selects(object))
}
