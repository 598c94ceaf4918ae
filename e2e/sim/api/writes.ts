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
import { canonical } from './canonical.ts'
import type { Commits } from './commits.ts'
import { EVENT_RULES, SECRET_RULES } from './event-rules.ts'
import { type Kept, ordered } from './kept.ts'
import { type KindRules, PLAIN, type RuleContext } from './kind-rules.ts'
import { mergePatch } from './merge-patch.ts'
import { refusesMetadata, refusesNewMetadata } from './metadata-rules.ts'
import { NODE_RULES } from './node-rules.ts'
import { POD_RULES } from './pod-rules.ts'
import {
  alreadyExists,
  badRequest,
  conflict,
  internal,
  invalid,
  invalidValue,
  MODIFIED,
  notFound,
  required,
} from './refusal.ts'
import type { Target } from './request-target.ts'
import { apiVersionOf, type Resource } from './resources.ts'
import { strategicMergePatch } from './strategic-merge-patch.ts'
import { STATUS_APART, WORKLOAD_RULES } from './workload-rules.ts'

export interface WriteOptions {
  readonly commits: Commits
  readonly context: () => RuleContext
  readonly nextUid: () => string
}

const RULES: Readonly<Record<string, KindRules>> = {
  pods: POD_RULES,
  nodes: NODE_RULES,
  events: EVENT_RULES,
  secrets: SECRET_RULES,
  deployments: WORKLOAD_RULES,
  replicasets: WORKLOAD_RULES,
  daemonsets: WORKLOAD_RULES,
  statefulsets: WORKLOAD_RULES,
}
const rulesOf = ({ plural, hasStatus }: Resource): KindRules => RULES[plural] ?? (hasStatus ? STATUS_APART : PLAIN)

export class Writes {
  readonly #of: WriteOptions

  constructor(options: WriteOptions) {
    this.#of = options
  }

  create(target: Target, draft: Draft): Kept {
    const { resource } = target
    const { commits } = this.#of
    checkKind(resource, draft)
    const given = canonical(draft, resource.kind)
    const metadata = this.#newMetadata(target, given)
    const object = ordered(resource, { ...given, metadata }) as ApiObject
    const { created, refusesNew } = rulesOf(resource)
    const kept = created(object, this.#of.context())
    const subject = { resource, name: metadata.name }
    const causes = [...refusesMetadata(resource, metadata), ...refusesNew(kept)]
    if (causes.length > 0) throw invalid(subject, causes)
    if (commits.table(resource.plural).get(keyOf(metadata))) throw alreadyExists(subject)
    return commits.put(resource, kept).kept
  }

  #newMetadata(target: Target, { metadata: given = {} }: Draft): ObjectMeta {
    const { resource, namespace } = target
    this.#checkNamespace(target, given)
    const name = given.name || (given.generateName ? given.generateName + this.#of.context().nextSuffix() : '')
    if (!name) throw invalid({ resource, name }, [required('metadata.name', 'name or generateName is required')])
    const { deletionTimestamp: _at, deletionGracePeriodSeconds: _grace, generation: _changes, ...rest } = given
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

  #checkNamespace({ resource, namespace }: Target, given: Partial<ObjectMeta>): void {
    if (!resource.namespaced) return
    if (given.namespace !== undefined && given.namespace !== namespace) throw badRequest(OTHER_NAMESPACE)
    const namespaces = this.#of.commits.table('namespaces')
    if (!namespaces.get(namespace)) throw notFound({ resource: namespaces.resource, name: namespace })
  }

  replace(target: Target, draft: Draft): Kept {
    const { resource, name } = target
    checkKind(resource, draft)
    checkName(target, draft)
    const before = this.#before(target)
    const { uid, resourceVersion } = draft.metadata ?? {}
    if (uid) checkUid(target, uid, before)
    if (!before) return this.#createInstead(target, draft)
    if (!resourceVersion && resource.needsVersion) throw unversioned(resource, name)
    return this.#update(target, before, draft)
  }

  #createInstead(target: Target, draft: Draft): Kept {
    if (!target.resource.createsOnUpdate || target.subresource) throw notFound(target)
    return this.create(target, draft)
  }

  patch(target: Target, type: string | undefined, patch: unknown): Kept {
    const before = this.#before(target)
    if (!before) throw notFound(target)
    if (!isObject(patch)) throw badRequest('the patch is no object')
    const draft = patched(target.resource, type, before.object, patch)
    checkName(target, draft)
    return this.#update(target, before, draft)
  }

  /** The binding of a Pod to a Node. */
  bind(target: Target, binding: JsonObject): void {
    const before = this.#before(target)
    if (!before) throw notFound(target)
    const { object } = before
    const node = (binding.target as JsonObject | undefined)?.name
    const taken = object.spec?.nodeName
    const subject = { name: target.name, resource: { ...target.resource, plural: 'pods/binding' } }
    if (taken) throw conflict(subject, `pod ${target.name} is already assigned to node ${JSON.stringify(taken)}`)
    const lastTransitionTime = timestamp(this.#of.context().nowMs)
    const bound = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime }
    const former = (object.status?.conditions as readonly JsonObject[] | undefined) ?? []
    const at = former.findIndex(each => each.type === bound.type)
    const conditions = at < 0 ? [...former, bound] : former.with(at, bound)
    const status = { ...object.status, conditions }
    this.#of.commits.put(target.resource, { ...object, spec: { ...object.spec, nodeName: node }, status })
  }

  #before({ resource, namespace, name }: Target): Kept | undefined {
    return this.#of.commits.table(resource.plural).get(resource.namespaced ? `${namespace}/${name}` : name)
  }

  #update(target: Target, { object: before }: Kept, draft: Draft): Kept {
    const { resource, subresource } = target
    const context = this.#of.context()
    const given = canonical(draft, resource.kind, before)
    const metadata = updatedMetadata(target, given.metadata ?? {}, before.metadata)
    const drafted = ordered(resource, { ...given, metadata }) as ApiObject
    const rules = rulesOf(resource)
    const next = subresource ? rules.statusUpdated(drafted, before, context) : rules.updated(drafted, before, context)
    const told = refusesNewMetadata(given.metadata ?? {}, before.metadata)
    const causes = [...told, ...rules.refusesUpdate(next, before, context)]
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

const OTHER_NAMESPACE = 'the namespace of the provided object does not match the namespace sent on the request'

function checkKind(resource: Resource, { kind, apiVersion }: Draft): void {
  const isMeant =
    (kind ?? resource.kind) === resource.kind && (apiVersion ?? apiVersionOf(resource)) === apiVersionOf(resource)
  if (isMeant) return
  const version = String(apiVersion).split('/').at(-1)
  throw badRequest(`${kind} in version "${version}" cannot be handled as a ${resource.kind}`)
}

function checkName({ name, namespace }: Target, { metadata }: Draft): void {
  if (metadata?.name && metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  if (metadata?.namespace && metadata.namespace !== namespace) throw badRequest(OTHER_NAMESPACE)
}

function checkUid(target: Target, uid: string, before: Kept | undefined): void {
  const former = before?.object.metadata.uid ?? ''
  if (uid === former) return
  const { resource, namespace, name } = target
  const key = `/registry/${resource.plural}/${namespace && `${namespace}/`}${name}`
  const what = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${former}`
  throw conflict(
    target,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${what}`,
  )
}

/** In this message, and in no other, the resource stands for the kind. */
const unversioned = (resource: Resource, name: string): Error =>
  invalid({ resource: { ...resource, kind: resource.plural }, name }, [
    invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
  ])

/** What an update may not touch stays. */
function updatedMetadata(target: Target, given: Partial<ObjectMeta>, before: ObjectMeta): ObjectMeta {
  if (given.resourceVersion && given.resourceVersion !== before.resourceVersion) throw conflict(target, MODIFIED)
  const { generation: _g, deletionTimestamp: _d, deletionGracePeriodSeconds: _s, ...rest } = given
  const { generation, deletionTimestamp, deletionGracePeriodSeconds, namespace } = before
  return {
    ...rest,
    name: before.name,
    ...(namespace !== undefined && { namespace }),
    uid: before.uid,
    resourceVersion: before.resourceVersion,
    creationTimestamp: before.creationTimestamp,
    ...(generation !== undefined && { generation }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
  }
}

/** @throws Refusal where a new object names a version */
export function refuseVersioned({ metadata }: Draft): void {
  if (metadata?.resourceVersion) throw internal('resourceVersion should not be set on objects to be created')
}
