/** DELETE: at once, or after the grace that a Pod asks for, or when the finalizers of others allow it. */
import { type ApiObject, type JsonObject, timestamp } from './api-object.ts'
import type { Commits } from './commits.ts'
import { readOne } from './reads.ts'
import { conflict } from './refusal.ts'
import type { Target } from './request-target.ts'

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

/** @returns the object as the deletion left it */
export function deleteObject(commits: Commits, target: Target, options: DeleteOptions, nowMs: number): ApiObject {
  const { resource } = target
  const { object } = readOne(commits, target)
  checkPreconditions(target, object, options)
  const hasFinalizers = (object.metadata.finalizers ?? []).length > 0
  const graceSeconds = graceOf(object, options)
  if (graceSeconds === 'pending') return object
  if (graceSeconds === undefined && !hasFinalizers) return commits.remove(resource, object).kept.object
  // Also what goes at once is first marked: watches see both.
  const marked = commits.put(resource, markedObject(object, graceSeconds ?? 0, nowMs)).kept.object
  return graceSeconds || hasFinalizers ? marked : commits.remove(resource, marked).kept.object
}

function checkPreconditions(target: Target, { metadata }: ApiObject, { preconditions = {} }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions
  // In this message, and in no other, the kind stands for the resource.
  const subject = { name: target.name, resource: { ...target.resource, plural: target.resource.kind } }
  if (uid !== undefined && uid !== metadata.uid)
    throw conflict(
      subject,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). ` +
        'The object might have been deleted and then recreated',
    )
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(
      subject,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match ` +
        `the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
}

/** Undefined: without any grace. Only Pods know one; once begun it can only be shortened. */
function graceOf(object: ApiObject, { gracePeriodSeconds: asked }: DeleteOptions): number | undefined | 'pending' {
  if (object.kind !== 'Pod') return undefined
  const { deletionTimestamp, deletionGracePeriodSeconds: left } = object.metadata
  if (deletionTimestamp === undefined) return firstGrace(object, asked)
  if (!left) return undefined
  return asked === undefined || asked >= left ? 'pending' : asked
}

function firstGrace({ spec = {}, status = {} }: ApiObject, asked: number | undefined): number {
  const hasEnded = status.phase === 'Failed' || status.phase === 'Succeeded'
  if (!spec.nodeName || hasEnded) return 0
  const seconds = asked ?? (spec.terminationGracePeriodSeconds as number)
  return seconds < 0 ? 1 : seconds
}

function markedObject(object: ApiObject, graceSeconds: number, nowMs: number): ApiObject {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, generation } = object.metadata
  const begunMs = deletionTimestamp ? Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1_000 : nowMs
  const endMs = Math.max(begunMs + graceSeconds * 1_000, nowMs)
  const metadata = {
    ...object.metadata,
    ...(generation !== undefined && deletionTimestamp === undefined && { generation: generation + 1 }),
    deletionTimestamp: timestamp(endMs),
    deletionGracePeriodSeconds: graceSeconds,
  }
  return { ...object, metadata } satisfies JsonObject as ApiObject
}
