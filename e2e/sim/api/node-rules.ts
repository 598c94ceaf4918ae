/** Nodes: what admission and defaults add, and what is refused of them. */
import type { ApiObject, JsonObject } from './api-object.ts'
import { type KindRules, withField } from './kind-rules.ts'
import { type Cause, duplicate, forbidden } from './refusal.ts'

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

interface Taint {
  readonly key?: string
  readonly value?: string
  readonly effect?: string
}

const taintsOf = ({ spec }: ApiObject): readonly Taint[] => (spec?.taints as readonly Taint[] | undefined) ?? []

const NODE_INFO = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  containerRuntimeVersion: '',
  kubeletVersion: '',
  kubeProxyVersion: '',
  operatingSystem: '',
  architecture: '',
}

/** What its type always tells. */
function shaped(node: ApiObject): ApiObject {
  const { status = {} } = node
  const conditions = status.conditions as readonly JsonObject[] | undefined
  const allocatable = status.allocatable ?? status.capacity
  return {
    ...node,
    spec: node.spec ?? {},
    status: {
      ...status,
      ...(allocatable !== undefined && { allocatable }),
      ...(conditions && {
        conditions: conditions.map(each => ({ lastHeartbeatTime: null, lastTransitionTime: null, ...each })),
      }),
      daemonEndpoints: status.daemonEndpoints ?? { kubeletEndpoint: { Port: 0 } },
      nodeInfo: { ...NODE_INFO, ...(status.nodeInfo as JsonObject | undefined) },
    },
  }
}

/** Admission: no Pod comes before the Node is known to be ready. */
function created(node: ApiObject): ApiObject {
  const taints = taintsOf(node)
  const isMarked = taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)
  return shaped({ ...node, spec: { ...node.spec, taints: isMarked ? taints : [...taints, NOT_READY] } })
}

function refuses(node: ApiObject): readonly Cause[] {
  const seen = new Set<string>()
  return taintsOf(node).flatMap(({ key, value = '', effect }, at) => {
    const id = `${key} ${effect}`
    if (!seen.has(id)) {
      seen.add(id)
      return []
    }
    const told = { Key: key, Value: value, Effect: effect, TimeAdded: null }
    return [duplicate(`metadata.taints[${at}]`, told, 'taints must be unique by key and effect pair')]
  })
}

function refusesUpdate(next: ApiObject, before: ApiObject): readonly Cause[] {
  const former = before.spec?.providerID
  const isMoved = former !== undefined && former !== next.spec?.providerID
  const why = 'node updates may not change providerID except from "" to valid'
  return [...refuses(next), ...(isMoved ? [forbidden('spec.providerID', why)] : [])]
}

export const NODE_RULES: KindRules = {
  created,
  updated: (next, before) => shaped(withField(next, 'status', before.status)),
  statusUpdated: (next, before) => shaped(withField(next, 'spec', before.spec)),
  refusesNew: refuses,
  refusesUpdate,
}
