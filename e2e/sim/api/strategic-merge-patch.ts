/**
 * As the API server merges what knows its lists: items by key, in the order that it keeps them. The traps are part of it:
 * addresses of one type collapse, a list of IPs only grows. Shares with the original what it does not touch.
 */
import { isObject, isSame, type JsonObject } from './api-object.ts'
import { type ListRule, listRulesOf } from './list-rules.ts'

type List = readonly unknown[]
type Rules = Readonly<Record<string, ListRule>>

const DIRECTIVE = '$patch'
const ORDER = '$setElementOrder/'
const DELETE_FROM = '$deleteFromPrimitiveList/'
const RETAIN = '$retainKeys'

/** @throws Error where an item lacks its key, or a directive is not known */
export function strategicMergePatch(kind: string, original: JsonObject, patch: JsonObject): JsonObject {
  return new Merging(listRulesOf(kind)).object(original, patch, '')
}

class Merging {
  readonly #rules: Rules

  constructor(rules: Rules) {
    this.#rules = rules
  }

  object(original: JsonObject, patch: JsonObject, path: string): JsonObject {
    const directive = patch[DIRECTIVE]
    if (directive !== undefined) return directed(directive, patch)
    const merged: Record<string, unknown> = retained(original, patch[RETAIN])
    for (const [field, value] of Object.entries(patch)) {
      if (field.startsWith(DELETE_FROM)) without(merged, field.slice(DELETE_FROM.length), value as List)
      else if (field.startsWith(ORDER)) this.#order(merged, patch, field.slice(ORDER.length), path)
      else if (field !== RETAIN) this.#field(merged, field, value, { patch, path })
    }
    return merged
  }

  #field(
    merged: Record<string, unknown>,
    field: string,
    value: unknown,
    at: { patch: JsonObject; path: string },
  ): void {
    const before = merged[field]
    const path = at.path ? `${at.path}.${field}` : field
    if (value === null) delete merged[field]
    else if (isObject(value)) merged[field] = this.object(isObject(before) ? before : {}, value, path)
    else if (!Array.isArray(value)) merged[field] = value
    else merged[field] = this.#list((before as List | undefined) ?? [], value, path, at.patch[ORDER + field] as List)
  }

  /** The order alone: no item of this list is in the patch. */
  #order(merged: Record<string, unknown>, patch: JsonObject, field: string, path: string): void {
    const before = merged[field]
    if (field in patch || !Array.isArray(before)) return
    merged[field] = this.#list(before, [], path ? `${path}.${field}` : field, patch[ORDER + field] as List)
  }

  #list(before: List, patch: List, path: string, order: List | undefined): List {
    const rule = this.#rules[path]
    if (!rule) return patch.map(withoutNulls)
    if (rule === 'primitives')
      return arranged([...new Set([...before, ...patch])], before, order ?? patch, item => item)
    const keyOf = (item: unknown): unknown => (item as JsonObject)[rule.mergeKey]
    const { kept, items } = special(before, patch, keyOf)
    const merged = [...kept]
    for (const item of items) {
      const key = keyOf(item)
      if (key === undefined)
        throw new Error(`map: ${goMap(item)} does not contain declared merge key: ${rule.mergeKey}`)
      const at = merged.findIndex(each => keyOf(each) === key)
      const base = at < 0 ? {} : (merged[at] as JsonObject)
      merged.splice(at < 0 ? merged.length : at, 1, this.object(base, item, path))
    }
    return arranged(merged, kept, order ?? items, keyOf)
  }
}

/** `{$patch: delete, key}` removes one item, `{$patch: replace}` all of them. */
function special(
  before: List,
  patch: List,
  keyOf: (item: unknown) => unknown,
): { kept: List; items: readonly JsonObject[] } {
  const items = patch as readonly JsonObject[]
  const plain = items.filter(item => item[DIRECTIVE] === undefined)
  if (items.some(item => item[DIRECTIVE] === 'replace')) return { kept: [], items: plain }
  const deleted = new Set(items.filter(item => item[DIRECTIVE] === 'delete').map(keyOf))
  const kept = deleted.size > 0 ? before.filter(item => !deleted.has(keyOf(item))) : before
  return { kept, items: plain.length === items.length ? items : plain }
}

/** Those named first to last as the patch names them; between them the others, where these stood before them. */
function arranged(merged: List, before: List, order: List, keyOf: (item: unknown) => unknown): List {
  const rank = new Map(order.map((item, at) => [keyOf(item), at]))
  const stood = new Map(before.map((item, at) => [keyOf(item), at]))
  const named = merged
    .filter(item => rank.has(keyOf(item)))
    .sort((a, b) => (rank.get(keyOf(a)) ?? 0) - (rank.get(keyOf(b)) ?? 0))
  const others = merged.filter(item => !rank.has(keyOf(item)))
  const isBefore = (other: unknown, item: unknown): boolean => {
    const at = stood.get(keyOf(item))
    return at !== undefined && (stood.get(keyOf(other)) ?? at) < at
  }
  const all: unknown[] = []
  let next = 0
  for (const item of named) {
    while (next < others.length && isBefore(others[next], item)) all.push(others[next++])
    all.push(item)
  }
  return [...all, ...others.slice(next)]
}

function directed(directive: unknown, patch: JsonObject): JsonObject {
  if (directive === 'delete') return {}
  if (directive !== 'replace') throw new Error(`unknown patch type found: ${String(directive)}`)
  const { [DIRECTIVE]: _directive, ...replaced } = patch
  return replaced
}

function retained(original: JsonObject, retain: unknown): Record<string, unknown> {
  if (!Array.isArray(retain)) return { ...original }
  return Object.fromEntries(Object.entries(original).filter(([field]) => retain.includes(field)))
}

function without(merged: Record<string, unknown>, field: string, gone: List): void {
  const before = merged[field]
  if (Array.isArray(before)) merged[field] = before.filter(item => !gone.some(each => isSame(each, item)))
}

/** What is new has nothing that a `null` could remove. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  const held = Object.entries(value).filter(([, part]) => part !== null)
  return Object.fromEntries(held.map(([field, part]) => [field, withoutNulls(part)]))
}

/** As Go prints a map: its errors are read by people. */
const goMap = (value: JsonObject): string =>
  `map[${Object.keys(value)
    .sort()
    .map(field => `${field}:${isObject(value[field]) ? goMap(value[field]) : String(value[field])}`)
    .join(' ')}]`
