/** POST, PUT and PATCH: one atomic step each, by the rules of the kind. */
import {
  type ApiObject,
  type Draft,
  isObject,
  isSame,
  type JsonObject,
  keyOf,
  type ObjectMeta,
  timestamp,
} from './api-object.ts'
import type { Commits } from './commits.ts'
import { type Kept, ordered } from './kept.ts'
import { type KindRules, PLAIN, type RuleContext } from './kind-rules.ts'
import { mergePatch } from './merge-patch.ts'
import { POD_RULES } from './pod-rules.ts'
import {
  alreadyExists,
  badRequest,
  type Cause,
  conflict,
  invalid,
  invalidValue,
  MODIFIED,
  notFound,
  required,
} from './refusal.ts'
import type { Target } from './request-target.ts'
import type { Resource } from './resources.ts'
import { strategicMergePatch } from './strategic-merge-patch.ts'
import { STATUS_APART, WORKLOAD_RULES } from './workload-rules.ts'

export interface WriteOptions {
  readonly commits: Commits
  readonly context: () => RuleContext
  readonly nextUid: () => string
}

function rulesOf({ plural, counts, hasStatus }: Resource): KindRules {
  if (plural === 'pods') return POD_RULES
  if (!hasStatus) return PLAIN
  return counts ? WORKLOAD_RULES : STATUS_APART
}

export class Writes {
  readonly #of: WriteOptions

  constructor(options: WriteOptions) {
    this.#of = options
  }

  create({ resource, namespace }: Target, draft: Draft): Kept {
    const { commits } = this.#of
    const context = this.#of.context()
    const metadata = this.#newMetadata(resource, namespace, draft)
    const object = rulesOf(resource).created(ordered(resource, { ...draft, metadata }) as ApiObject, context)
    const subject = { resource, name: metadata.name }
    const causes = rulesOf(resource).refusesNew(object)
    if (causes.length > 0) throw invalid(subject, causes)
    if (commits.table(resource.plural).get(keyOf(metadata))) throw alreadyExists(subject)
    return commits.put(resource, object).kept
  }

  #newMetadata(resource: Resource, namespace: string, draft: Draft): ObjectMeta {
    const given = draft.metadata ?? {}
    const subject = { resource, name: given.name ?? '' }
    if (resource.namespaced && given.namespace !== undefined && given.namespace !== namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
    if (given.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
    const name = given.name || (given.generateName ? given.generateName + this.#of.context().nextSuffix() : '')
    if (!name) throw invalid(subject, [required('metadata.name', 'name or generateName is required')])
    const { deletionTimestamp: _at, deletionGracePeriodSeconds: _grace, ...rest } = given
    return {
      ...rest,
      name,
      ...(resource.namespaced && { namespace }),
      uid: this.#of.nextUid(),
      resourceVersion: '',
      ...(resource.counts && { generation: 1 }),
      creationTimestamp: timestamp(this.#of.context().nowMs),
    }
  }

  replace(target: Target, draft: Draft): Kept {
    const { resource, name } = target
    const before = this.#before(target)
    if (!before && resource.createsOnUpdate && !target.subresource) return this.create(target, draft)
    if (!before) throw notFound(target)
    const { metadata: { uid, resourceVersion } = {} } = draft
    const former = before.object.metadata
    if (uid && uid !== former.uid)
      throw conflict(
        { resource, name },
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${former.uid}`,
      )
    if (!resourceVersion && resource.needsVersion)
      throw invalid({ resource, name }, [
        invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
      ])
    return this.#update(target, before, draft)
  }

  patch(target: Target, type: string | undefined, patch: unknown): Kept {
    const before = this.#before(target)
    if (!before) throw notFound(target)
    if (!isObject(patch)) throw badRequest('the patch is no object')
    return this.#update(target, before, patched(target.resource, type, before.object, patch))
  }

  /** The binding of a Pod to a Node. */
  bind(target: Target, binding: JsonObject): void {
    const before = this.#before(target)
    if (!before) throw notFound(target)
    const { object } = before
    const node = (binding.target as JsonObject | undefined)?.name
    if (object.spec?.nodeName)
      throw conflict(
        target,
        `pod ${object.metadata.name} is already assigned to node ${JSON.stringify(object.spec.nodeName)}`,
      )
    const bound = { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(this.#of.context().nowMs) }
    const others = ((object.status?.conditions as readonly JsonObject[]) ?? []).filter(
      ({ type }) => type !== bound.type,
    )
    const status = { ...object.status, conditions: [...others, bound] }
    this.#of.commits.put(target.resource, { ...object, spec: { ...object.spec, nodeName: node }, status })
  }

  #before({ resource, namespace, name }: Target): Kept | undefined {
    return this.#of.commits.table(resource.plural).get(resource.namespaced ? `${namespace}/${name}` : name)
  }

  #update(target: Target, { object: before }: Kept, draft: Draft): Kept {
    const { resource, subresource } = target
    const context = this.#of.context()
    const metadata = updatedMetadata(target, draft.metadata ?? {}, before.metadata)
    const drafted = ordered(resource, { ...draft, metadata }) as ApiObject
    const rules = rulesOf(resource)
    const next = subresource ? rules.statusUpdated(drafted, before, context) : rules.updated(drafted, before, context)
    const causes = [
      ...metadataCauses(draft.metadata ?? {}, before.metadata),
      ...rules.refusesUpdate(next, before, context),
    ]
    if (causes.length > 0) throw invalid(target, causes)
    return this.#commit(resource, next, before)
  }

  #commit(resource: Resource, next: ApiObject, before: ApiObject): Kept {
    const { commits } = this.#of
    const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [] } = next.metadata
    const isReleased = deletionTimestamp !== undefined && !deletionGracePeriodSeconds && finalizers.length === 0
    if (isReleased) return commits.remove(resource, next).kept
    const known = commits.table(resource.plural).get(keyOf(before.metadata))
    return known && isSame(next, before) ? known : commits.put(resource, next).kept
  }
}

function patched(resource: Resource, type: string | undefined, object: ApiObject, patch: JsonObject): Draft {
  if (type === 'application/merge-patch+json') return mergePatch(object, patch) as Draft
  if (type !== 'application/strategic-merge-patch+json') throw badRequest(`no patch: ${type}`)
  return strategicMergePatch(resource.kind, object, patch) as Draft
}

/** What an update may not touch stays. */
function updatedMetadata(target: Target, given: Partial<ObjectMeta>, before: ObjectMeta): ObjectMeta {
  if (given.resourceVersion && given.resourceVersion !== before.resourceVersion) throw conflict(target, MODIFIED)
  const { uid, resourceVersion, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds } = before
  const { generation: _g, deletionTimestamp: _d, deletionGracePeriodSeconds: _s, ...rest } = given
  return {
    ...rest,
    name: before.name,
    uid,
    resourceVersion,
    creationTimestamp,
    ...(generation !== undefined && { generation }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
  }
}

function metadataCauses(given: Partial<ObjectMeta>, before: ObjectMeta): readonly Cause[] {
  const isOther = given.uid !== undefined && given.uid !== before.uid
  return isOther ? [invalidValue('metadata.uid', given.uid, 'field is immutable')] : []
}
