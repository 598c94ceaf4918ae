/** Deployments and their like: what is wanted is counted, what is so is written apart from it. */
import { type ApiObject, isSame } from './api-object.ts'
import { counted, type KindRules, PLAIN, withField } from './kind-rules.ts'

function updated(next: ApiObject, before: ApiObject): ApiObject {
  const kept = withField(next, 'status', before.status)
  // A Deployment's annotations are copied to its ReplicaSets: they count.
  const isTold = next.kind === 'Deployment' && !isSame(next.metadata.annotations, before.metadata.annotations)
  return counted(kept, before, isTold || !isSame(next.spec, before.spec))
}

function statusUpdated(next: ApiObject, before: ApiObject): ApiObject {
  const { labels } = before.metadata
  const { labels: _theirs, ...metadata } = next.metadata
  return { ...withField(next, 'spec', before.spec), metadata: { ...metadata, ...(labels && { labels }) } }
}

export const WORKLOAD_RULES: KindRules = {
  ...PLAIN,
  created: object => ({ ...object, status: {} }),
  updated,
  statusUpdated,
}

/** Nodes, Services, Namespaces: status apart, nothing counted. */
export const STATUS_APART: KindRules = {
  ...PLAIN,
  updated: (next, before) => withField(next, 'status', before.status),
  statusUpdated: (next, before) => withField(next, 'spec', before.spec),
}
