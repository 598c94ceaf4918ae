/** RFC 7386: `null` removes, objects merge, all else replaces. Shares with the original what it does not touch. */
import { isObject, type JsonObject } from './api-object.ts'

export function mergePatch(original: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged: Record<string, unknown> = { ...(isObject(original) ? original : {}) }
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field]
    else merged[field] = isObject(value) ? mergePatch(merged[field], value) : value
  }
  return merged satisfies JsonObject
}
