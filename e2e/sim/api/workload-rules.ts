/** Deployments and their like: what is wanted is counted, what is so is written apart from it. */
import { type ApiObject, isSame, type JsonObject } from './api-object.ts'
import { counted, type KindRules, PLAIN, withField } from './kind-rules.ts'
import { podTemplateSpec } from './pod-defaults.ts'

const SPEC: Readonly<Record<string, JsonObject>> = {
  Deployment: { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 },
  ReplicaSet: { replicas: 1 },
  DaemonSet: { revisionHistoryLimit: 10 },
  StatefulSet: {
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  },
}

interface StrategyRule {
  readonly field: string
  readonly rollingUpdate: JsonObject
}
const STRATEGY: Readonly<Record<string, StrategyRule>> = {
  Deployment: { field: 'strategy', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
  DaemonSet: { field: 'updateStrategy', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
  StatefulSet: { field: 'updateStrategy', rollingUpdate: { partition: 0 } },
}

/** What its type always tells of its status. */
const STATUS: Readonly<Record<string, JsonObject>> = {
  ReplicaSet: { replicas: 0 },
  DaemonSet: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
  StatefulSet: { replicas: 0, availableReplicas: 0 },
}

function strategyOf(kind: string, spec: JsonObject): JsonObject {
  const rule = STRATEGY[kind]
  if (!rule) return {}
  const { type = 'RollingUpdate', rollingUpdate } = (spec[rule.field] ?? {}) as JsonObject
  if (type !== 'RollingUpdate') return { [rule.field]: { type } }
  return { [rule.field]: { type, rollingUpdate: { ...rule.rollingUpdate, ...(rollingUpdate as JsonObject) } } }
}

function defaulted(object: ApiObject): ApiObject {
  const given = object.spec ?? {}
  const template = given.template as JsonObject | undefined
  const spec = { ...SPEC[object.kind], ...given, ...strategyOf(object.kind, given) }
  if (!template) return { ...object, spec }
  const podSpec = podTemplateSpec((template.spec ?? {}) as JsonObject)
  return { ...object, spec: { ...spec, template: { ...template, spec: podSpec } } }
}

const shaped = (object: ApiObject): ApiObject => ({ ...object, status: { ...STATUS[object.kind], ...object.status } })

const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

function numbered(object: ApiObject): ApiObject {
  const { kind, metadata } = object
  if (kind !== 'DaemonSet') return object
  const annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(metadata.generation) }
  return { ...object, metadata: { ...metadata, annotations } }
}

function updated(given: ApiObject, before: ApiObject): ApiObject {
  const next = defaulted(withField(given, 'status', before.status))
  // A Deployment's annotations are copied to its ReplicaSets: they count.
  const isTold = next.kind === 'Deployment' && !isSame(next.metadata.annotations, before.metadata.annotations)
  const isChanged = isTold || !isSame(next.spec, before.spec)
  return isChanged ? numbered(counted(next, before, true)) : next
}

function statusUpdated(next: ApiObject, before: ApiObject): ApiObject {
  const { labels } = before.metadata
  const { labels: _theirs, ...metadata } = next.metadata
  return shaped({ ...withField(next, 'spec', before.spec), metadata: { ...metadata, ...(labels && { labels }) } })
}

export const WORKLOAD_RULES: KindRules = {
  ...PLAIN,
  created: object => numbered(shaped({ ...defaulted(object), status: {} })),
  updated,
  statusUpdated,
}

/** Services and Namespaces: status apart, nothing counted. */
export const STATUS_APART: KindRules = {
  ...PLAIN,
  updated: (next, before) => withField(next, 'status', before.status),
  statusUpdated: (next, before) => withField(next, 'spec', before.spec),
}
