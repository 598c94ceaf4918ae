/** What the API server does to an object of a kind before it keeps it, and what it refuses. */
import type { ApiObject } from './api-object.ts'
import type { Cause } from './refusal.ts'

export interface RuleContext {
  readonly nowMs: number
  /** Minor version of the Kubernetes that is simulated. */
  readonly minor: number
  /** Part of names that the server makes up. */
  readonly nextSuffix: () => string
}

export interface KindRules {
  /** Fills in what a new object lacks and takes out what nobody may set at its creation. */
  readonly created: (object: ApiObject, context: RuleContext) => ApiObject
  /** The object as a write to it leaves it, whatever it tried to change besides. */
  readonly updated: (next: ApiObject, before: ApiObject, context: RuleContext) => ApiObject
  /** The same, of a write to `/status`. */
  readonly statusUpdated: (next: ApiObject, before: ApiObject, context: RuleContext) => ApiObject
  readonly refusesNew: (object: ApiObject) => readonly Cause[]
  readonly refusesUpdate: (next: ApiObject, before: ApiObject, context: RuleContext) => readonly Cause[]
}

const NONE: readonly Cause[] = []

export const PLAIN: KindRules = {
  created: object => object,
  updated: next => next,
  statusUpdated: next => next,
  refusesNew: () => NONE,
  refusesUpdate: () => NONE,
}

/** The object with this field, or without it. */
export function withField(object: ApiObject, field: 'spec' | 'status', value: ApiObject['spec']): ApiObject {
  if (object[field] === value) return object
  const { [field]: _former, ...rest } = object
  return (value === undefined ? rest : { ...rest, [field]: value }) as ApiObject
}

/** Counts the changes of what is wanted. */
export function counted(next: ApiObject, before: ApiObject, isChanged: boolean): ApiObject {
  const { generation } = before.metadata
  if (generation === undefined || !isChanged) return next
  return { ...next, metadata: { ...next.metadata, generation: generation + 1 } }
}
