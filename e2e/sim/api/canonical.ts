/**
 * Objects as they come back from the API server's own types: what says nothing is left out, times are cut to what their type
 * holds. By the names of fields, which mean the same in all kinds that are served here.
 */
import { isObject, type JsonObject, timestamp } from './api-object.ts'
import { badRequest } from './refusal.ts'

/** Texts by names of the user's own choice: nothing in them is touched. */
const FREE = new Set([
  'labels',
  'annotations',
  'matchLabels',
  'nodeSelector',
  'data',
  'binaryData',
  'stringData',
  'capacity',
  'allocatable',
  'requests',
  'limits',
])
const SECONDS = new Set([
  'creationTimestamp',
  'deletionTimestamp',
  'firstTimestamp',
  'lastTimestamp',
  'lastHeartbeatTime',
  'lastProbeTime',
  'lastTransitionTime',
  'lastUpdateTime',
  'startTime',
  'startedAt',
  'finishedAt',
  'timeAdded',
])
const MICROSECONDS = new Set(['acquireTime', 'renewTime', 'eventTime'])
const MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/
const WHOLE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** Told even where they say nothing. */
const TOLD_EMPTY = new Set(['image', 'imageID', 'name', 'holderIdentity', 'reportingComponent', 'reportingInstance'])
const TOLD_EMPTY_LIST = new Set(['containers', 'endpoints', 'ports'])
const SILENT_FALSE = new Set([
  'unschedulable',
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'paused',
  'readOnly',
  'stdin',
  'tty',
  'publishNotReadyAddresses',
])
const SILENT_ZERO = new Set([
  'observedGeneration',
  'minReadySeconds',
  'count',
  'fullyLabeledReplicas',
  'readyReplicas',
  'updatedReplicas',
  'unavailableReplicas',
  'currentReplicas',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
])

/**
 * `before`: what of it is shared with this, already canonical, is not looked at again.
 * @throws Refusal 400 for a time that cannot be read
 */
export function canonical<T extends JsonObject>(object: T, kind: string, before?: JsonObject): T {
  return map(object, kind, before) as T
}

function map(object: JsonObject, kind: string, before: unknown): JsonObject {
  const former = isObject(before) ? before : undefined
  const kept: Record<string, unknown> = {}
  for (const field in object) {
    const value = object[field]
    const told = former && value === former[field] ? value : read(field, value, kind, former?.[field])
    if (told !== undefined) kept[field] = told
  }
  return kept
}

function read(field: string, value: unknown, kind: string, before: unknown): unknown {
  if (typeof value === 'string') return text(field, value, kind)
  if (Array.isArray(value)) return list(field, value, kind)
  if (isObject(value)) return FREE.has(field) ? free(value) : map(value, kind, before)
  return isSilent(field, value) ? undefined : value
}

function isSilent(field: string, value: unknown): boolean {
  if (value === false) return SILENT_FALSE.has(field)
  if (value === 0) return SILENT_ZERO.has(field)
  return value === null
}

function free(value: JsonObject): JsonObject | undefined {
  const held = Object.entries(value).filter(([, part]) => part !== null)
  if (held.length === 0) return undefined
  return held.length === Object.keys(value).length ? value : Object.fromEntries(held)
}

function list(field: string, value: readonly unknown[], kind: string): readonly unknown[] | undefined {
  if (value.length === 0) return TOLD_EMPTY_LIST.has(field) ? value : undefined
  return value.map(item => (isObject(item) ? map(item, kind, undefined) : item))
}

function text(field: string, value: string, kind: string): string | undefined {
  if (value === '') return TOLD_EMPTY.has(field) ? value : undefined
  if (SECONDS.has(field)) return WHOLE.test(value) ? value : wholeSeconds(value, kind)
  if (MICROSECONDS.has(field) && !MICRO.test(value)) throw unreadable(value, '2006-01-02T15:04:05.000000Z07:00', kind)
  return value
}

function wholeSeconds(value: string, kind: string): string {
  const ms = Date.parse(value)
  if (Number.isNaN(ms)) throw unreadable(value, '2006-01-02T15:04:05Z07:00', kind)
  return timestamp(ms)
}

function unreadable(value: string, format: string, kind: string): Error {
  const rest = value.slice(19)
  const why = `parsing time "${value}" as "${format}": cannot parse "${rest}" as "${format.slice(19, 26)}"`
  return badRequest(`${kind} in version "v1" cannot be handled as a ${kind}: ${why}`)
}
