/** Pods: what admission and defaults add, what may change, and what of the status is whose. */
import { type ApiObject, isSame, type JsonObject } from './api-object.ts'
import { counted, type KindRules, type RuleContext, withField } from './kind-rules.ts'
import { podTemplateSpec } from './pod-defaults.ts'
import { type Cause, forbidden } from './refusal.ts'

interface Toleration extends JsonObject {
  readonly key?: string
  readonly operator?: string
  readonly effect?: string
}

const TOLERATED = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const

/** Admission: five minutes on a Node that is lost, unless the Pod says otherwise. */
function admitted(spec: JsonObject): JsonObject {
  const tolerations = (spec.tolerations as readonly Toleration[] | undefined) ?? []
  const isTold = (key: string): boolean =>
    tolerations.some(each => (each.key === key || !each.key) && (each.effect === 'NoExecute' || !each.effect))
  const added = TOLERATED.filter(key => !isTold(key)).map(key => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  }))
  return { ...spec, tolerations: [...tolerations, ...added] }
}

function created(pod: ApiObject, { minor }: RuleContext): ApiObject {
  const spec = admitted(podTemplateSpec(pod.spec ?? {}))
  const status = { phase: 'Pending', qosClass: 'BestEffort' }
  const metadata = minor >= GENERATION_SINCE ? { ...pod.metadata, generation: 1 } : pod.metadata
  return { ...pod, metadata, spec, status }
}

/** Pods count their changes since then. */
const GENERATION_SINCE = 33

function updated(next: ApiObject, before: ApiObject): ApiObject {
  return counted(withField(next, 'status', before.status), before, !isSame(next.spec, before.spec))
}

function statusUpdated(next: ApiObject, before: ApiObject): ApiObject {
  const { ownerReferences } = before.metadata
  const { ownerReferences: _theirs, ...metadata } = next.metadata
  const qosClass = next.status?.qosClass ?? before.status?.qosClass
  return {
    ...withField(next, 'spec', before.spec),
    metadata: { ...metadata, ...(ownerReferences && { ownerReferences }) },
    status: { ...next.status, ...(qosClass !== undefined && { qosClass }) },
  }
}

/** With what may change put back. */
function munged(spec: JsonObject, before: JsonObject): JsonObject {
  const images = (field: 'containers' | 'initContainers') => {
    const former = before[field] as readonly JsonObject[] | undefined
    const containers = spec[field] as readonly JsonObject[] | undefined
    return containers && { [field]: containers.map((each, at) => ({ ...each, image: former?.[at]?.image })) }
  }
  const { tolerations: _tolerations, activeDeadlineSeconds: _seconds, ...rest } = spec
  return { ...rest, ...images('containers'), ...images('initContainers') }
}

const MAY_CHANGE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n'

function refusesUpdate(next: ApiObject, before: ApiObject): readonly Cause[] {
  const [spec, former] = [next.spec ?? {}, before.spec ?? {}]
  if (isSame(spec, former)) return []
  const isSameElse = isSame(munged(spec, former), munged(former, former))
  return [...tolerationsRemoved(spec, former), ...(isSameElse ? [] : [forbidden('spec', MAY_CHANGE)])]
}

function tolerationsRemoved(spec: JsonObject, before: JsonObject): readonly Cause[] {
  const now = (spec.tolerations as readonly JsonObject[] | undefined) ?? []
  const former = (before.tolerations as readonly JsonObject[] | undefined) ?? []
  /** Only its seconds may change. */
  const same = (a: JsonObject, b: JsonObject): boolean =>
    isSame({ ...a, tolerationSeconds: 0 }, { ...b, tolerationSeconds: 0 })
  const isKept = former.every(each => now.some(other => same(each, other)))
  return isKept
    ? []
    : [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')]
}

export const POD_RULES: KindRules = { created, updated, statusUpdated, refusesNew: () => [], refusesUpdate }
