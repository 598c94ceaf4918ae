/** Pods: what of them may change, and by which way. */
import { type ApiObject, isSame, type JsonObject } from './api-object.ts'
import { counted, type KindRules, type RuleContext, withField } from './kind-rules.ts'
import { admittedPodSpec } from './pod-defaults.ts'
import { refusesStatus, shapedStatus } from './pod-status.ts'
import { type Cause, forbidden } from './refusal.ts'

/** Pods count their changes since this minor version. */
const COUNTS_SINCE = 33

function created(pod: ApiObject, { minor, nextSuffix }: RuleContext): ApiObject {
  const { generation: _theirs, ...given } = pod.metadata
  const metadata = minor >= COUNTS_SINCE ? { ...given, generation: 1 } : given
  const spec = admittedPodSpec(pod.spec ?? {}, nextSuffix())
  return { ...pod, metadata, spec, status: { phase: 'Pending', qosClass: 'BestEffort' } }
}

const updated = (next: ApiObject, before: ApiObject): ApiObject =>
  counted(withField(next, 'status', before.status), before, !isSame(next.spec, before.spec))

function statusUpdated(next: ApiObject, before: ApiObject, { minor }: RuleContext): ApiObject {
  const { ownerReferences } = before.metadata
  const { ownerReferences: _theirs, ...metadata } = next.metadata
  const status = shapedStatus({ qosClass: before.status?.qosClass, ...next.status })
  const { observedGeneration, hostIPs, ...older } = status
  return {
    ...withField(next, 'spec', before.spec),
    metadata: { ...metadata, ...(ownerReferences && { ownerReferences }) },
    status: minor >= COUNTS_SINCE ? status : older,
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
  if (isSame(spec, former)) return refusesStatus(next, before)
  const isSameElse = isSame(munged(spec, former), munged(former, former))
  return [...tolerationsRemoved(spec, former), ...(isSameElse ? [] : [forbidden('spec', MAY_CHANGE)])]
}

const CHANGED = 'existing toleration can not be modified except its tolerationSeconds'

function tolerationsRemoved(spec: JsonObject, before: JsonObject): readonly Cause[] {
  const now = (spec.tolerations as readonly JsonObject[] | undefined) ?? []
  const former = (before.tolerations as readonly JsonObject[] | undefined) ?? []
  const isSameElse = (a: JsonObject, b: JsonObject): boolean =>
    isSame({ ...a, tolerationSeconds: 0 }, { ...b, tolerationSeconds: 0 })
  return former.every(each => now.some(other => isSameElse(each, other)))
    ? []
    : [forbidden('spec.tolerations', CHANGED)]
}

export const POD_RULES: KindRules = { created, updated, statusUpdated, refusesNew: () => [], refusesUpdate }
