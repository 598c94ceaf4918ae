/** What must change on a Node that stands, as the smallest patch; undefined where nothing must. Pure. */
import type { V1Node, V1NodeCondition, V1NodeStatus, V1Taint } from '@kubernetes/client-node'
import type { LinkState } from '../../mqtt-bridge/index.ts'
import { ANNOTATION, LABEL } from '../names.ts'
import type { Patch } from '../ports.ts'
import { nodeConditions, sameConditions } from './conditions.ts'
import {
  ARCH_LABEL,
  type Labels,
  nodeAddresses,
  nodeAnnotations,
  nodeCapacity,
  nodeInfo,
  nodeLabels,
  nodeTaints,
  type ObjectFacts,
  providerId,
  TOPOLOGY_LABELS,
  VOLATILE_LABELS,
} from './node-object.ts'

export interface PatchFacts extends ObjectFacts {
  readonly node: V1Node
  readonly link: LinkState
  readonly nowMs: number
}

/** Two processes under one identity tell two stories in turn: the Node stays with the one it has. */
const isFrozen = ({ record }: PatchFacts): boolean => record.noCommands?.reason === 'DuplicateIdentity'

type Change = Record<string, string | null>

function changes(wanted: Labels, before: Labels, removable: readonly string[]): Change | undefined {
  const set = Object.entries(wanted).filter(([key, value]) => before[key] !== value)
  const gone = removable.filter(key => !(key in wanted) && key in before).map(key => [key, null])
  return set.length + gone.length > 0 ? Object.fromEntries([...set, ...gone]) : undefined
}

function labelChanges(facts: PatchFacts): Change | undefined {
  const before = facts.node.metadata?.labels ?? {}
  const wanted = { ...nodeLabels(facts) }
  // Where the real Node is not known (yet, or any more), what was once learnt from it stands.
  if (!facts.topology && before[ARCH_LABEL]) delete wanted[ARCH_LABEL]
  // By these our watch finds it: of whichever process the base is, they say the same.
  if (isFrozen(facts)) return changes(only(wanted, [LABEL.component, LABEL.env]), before, [])
  return changes(wanted, before, [...VOLATILE_LABELS, ...topologyGone(facts)])
}

const only = (labels: Labels, keys: readonly string[]): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => keys.includes(key)))

/** The base has no own Pod any more, so that Pod's zone is not its zone. */
function topologyGone({ record, node }: PatchFacts): readonly string[] {
  const pinned = node.metadata?.annotations?.[ANNOTATION.basePod] !== undefined
  return pinned && record.basePodSettled && !record.basePod ? TOPOLOGY_LABELS : []
}

function annotationChanges({ record, node }: PatchFacts): Change | undefined {
  const removable = record.basePodSettled ? [ANNOTATION.basePod] : []
  return changes(nodeAnnotations(record), node.metadata?.annotations ?? {}, removable)
}

const taintText = (taints: readonly V1Taint[]): string =>
  JSON.stringify(taints.map(({ key, value, effect }) => [key, value ?? '', effect]).sort())

function taintsOf({ record, node, settings }: PatchFacts): V1Taint[] | undefined {
  const before = node.spec?.taints ?? []
  const wanted = nodeTaints(before, record, settings)
  return taintText(wanted) === taintText(before) ? undefined : wanted
}

/** Merge: taints are a list that others write too, hence the lock wherever they change. */
export function nodePatch(facts: PatchFacts): Patch | undefined {
  const taints = taintsOf(facts)
  const resourceVersion = taints ? facts.node.metadata?.resourceVersion : undefined
  const metadata = present({ labels: labelChanges(facts), annotations: annotationChanges(facts), resourceVersion })
  // What the Go peer left has none, and a cloud controller removes such Nodes.
  const spec = present({ taints, providerID: facts.node.spec?.providerID ? undefined : providerId(facts.record) })
  const body = present({ metadata, spec })
  return body ? { type: 'merge', body } : undefined
}

/** The fields that hold something; undefined where none does. */
function present(fields: Readonly<Record<string, unknown>>): object | undefined {
  const held = Object.entries(fields).filter(([, value]) => value !== undefined)
  return held.length > 0 ? Object.fromEntries(held) : undefined
}

const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Of a map that others may add to: what we say in it differs. */
const differs = (wanted: Labels, before: Labels | undefined): boolean =>
  Object.entries(wanted).some(([key, value]) => before?.[key] !== value)

type StatusChange = { -readonly [K in keyof V1NodeStatus]: V1NodeStatus[K] }

/** Whole lists: a strategic patch merges addresses by type, and keeps an old one. */
export function nodeStatusPatch(facts: PatchFacts): Patch | undefined {
  const conditions = conditionsOf(facts)
  const status: StatusChange = {
    ...(isFrozen(facts) ? {} : describedChange(facts)),
    ...(conditions && { conditions: [...conditions] }),
  }
  return Object.keys(status).length > 0 ? { type: 'merge', body: { status } } : undefined
}

function conditionsOf({ record, node, link, nowMs }: PatchFacts): readonly V1NodeCondition[] | undefined {
  const prior = node.status?.conditions ?? []
  const conditions = nodeConditions({ record, prior, link, nowMs })
  return sameConditions(conditions, prior) ? undefined : conditions
}

function describedChange(facts: PatchFacts): StatusChange {
  // Nothing is known of the JVM until its first answer: the Node keeps what it shows.
  const unmeasured = facts.record.health === undefined && facts.node.status?.capacity !== undefined
  return { ...addressChange(facts), ...infoChange(facts), ...(unmeasured ? {} : measuredChange(facts)) }
}

const pair = ({ type, address }: { type: string; address: string }): string => `${type}=${address}`

function addressChange({ record, node }: PatchFacts): StatusChange {
  const addresses = nodeAddresses(record)
  const before = node.status?.addresses ?? []
  const moved = record.address !== undefined && !sameText(addresses.map(pair), before.map(pair))
  return moved ? { addresses } : {}
}

function infoChange({ record, settings, node, topology }: PatchFacts): StatusChange {
  const before = node.status?.nodeInfo
  const info = nodeInfo(record, settings, topology)
  const { kubeletVersion, containerRuntimeVersion } = info
  const known = { kubeletVersion, ...(record.health && { containerRuntimeVersion }) }
  return differs(known, before as Labels | undefined) ? { nodeInfo: { ...info, ...before, ...known } } : {}
}

function measuredChange({ record, settings, node }: PatchFacts): StatusChange {
  const { capacity, allocatable } = nodeCapacity(record, settings)
  return {
    ...(differs(capacity, node.status?.capacity) && { capacity }),
    ...(differs(allocatable, node.status?.allocatable) && { allocatable }),
  }
}
