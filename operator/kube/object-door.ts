/** Where objects of the API server come in: with true types, or refused by a code. */
import type { z } from 'zod'
import { excerpt } from '../../mqtt-bridge/index.ts'
import { ApiError, type Log, type Metrics } from '../../reconcilers/ports.ts'
import { type KubeList, type KubeObject, keyOfObject } from './kube-object.ts'
import { IDENTITY_SHAPE, LIST_SHAPE } from './object-shape.ts'

export type ObjectFaultCode =
  /** No name, uid or resourceVersion: it cannot even be said which object it is. */
  | 'NO_IDENTITY'
  /** A field that we read is of another type than Kubernetes says. */
  | 'WRONG_TYPE'

export class ObjectFault extends Error {
  override readonly name = 'ObjectFault'
  readonly code: ObjectFaultCode
  readonly path: string
  /** Which object it is, where that can be told. */
  readonly key: string | undefined
  constructor({ code, path, key }: Pick<ObjectFault, 'code' | 'path' | 'key'>, message: string) {
    super(message)
    this.code = code
    this.path = path
    this.key = key
  }
}

/** An answer or event as it was parsed: null is absent, as Go leaves out or writes null for what is empty. Changes `value`. */
export function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const fields = value as Record<string, unknown>
  for (const [key, field] of Object.entries(fields)) {
    if (field !== null) withoutNulls(field)
    else if (!Array.isArray(value)) delete fields[key]
  }
  return value
}

/** @throws ObjectFault */
export function readObject<T extends KubeObject>(shape: z.ZodType, value: unknown): T {
  const identity = IDENTITY_SHAPE.safeParse(withoutNullsOr(value))
  const read = identity.success ? shape.safeParse(value) : identity
  if (read.success) return read.data as T
  const [issue] = read.error.issues
  const path = excerpt((issue?.path ?? []).map(String).join('.'), 128)
  const code = identity.success ? 'WRONG_TYPE' : 'NO_IDENTITY'
  const key = identity.success ? keyOfObject(identity.data as KubeObject) : undefined
  throw new ObjectFault({ code, path, key }, excerpt(issue?.message ?? 'not understood', 128))
}

/** Too deep to be walked through is too deep for an object. */
function withoutNullsOr(value: unknown): unknown {
  try {
    return withoutNulls(value)
  } catch {
    return undefined
  }
}

/** An object that was asked for, or that a write answers with. @throws ApiError: a write may have been carried out */
export function readAnswer<T extends KubeObject>(shape: z.ZodType, value: unknown, resource: string): T {
  try {
    return readObject<T>(shape, value)
  } catch (error) {
    throw error instanceof ObjectFault
      ? new ApiError(0, `${resource}: the answer is not understood: ${error.path} ${error.message}`)
      : error
  }
}

/** Of a list those that are understood. */
export function readable<T extends KubeObject>(shape: z.ZodType, items: readonly unknown[]): readonly T[] {
  return items.flatMap(item => {
    try {
      return [readObject<T>(shape, item)]
    } catch (error) {
      if (error instanceof ObjectFault) return []
      throw error
    }
  })
}

/** @throws ApiError: the whole answer is no list, so nothing is known from it */
export function readList(value: unknown, resource: string): KubeList<unknown> {
  const read = LIST_SHAPE.safeParse(value)
  if (!read.success) throw new ApiError(0, `list ${resource}: the answer is no list`)
  const { items, metadata } = read.data
  const { resourceVersion, continue: from } = metadata
  return { items, metadata: { resourceVersion, ...(from && { continue: from }) } }
}

export interface ObjectDoorPorts {
  readonly metrics: Pick<Metrics, 'count'>
  readonly log: Log
}

/** Counted and told; the object is left as it was last seen. */
export function tellFault({ metrics, log }: ObjectDoorPorts, resource: string, fault: ObjectFault): void {
  const { code, path, key, message } = fault
  metrics.count('koupleless_objects_refused_total', { resource, code })
  log.warn('object not understood', { resource, code, object: key ?? 'unknown', path, why: message })
}
