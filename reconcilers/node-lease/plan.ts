/** What is to be done about the Node and the Lease of one base. Pure; each decision says why. */
import type { V1Lease, V1Node } from '@kubernetes/client-node'
import { soonest } from '../loop/outcome.ts'
import type { Tenure } from '../ownership.ts'
import type { Patch } from '../ports.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { conditionsDueInMs, nodeConditions } from './conditions.ts'
import { handedLease, type LeaseFacts, newLease, renewalDueInMs, renewedLease, tellsForeign } from './lease.ts'
import { newNode, type ObjectFacts } from './node-object.ts'
import { nodePatch, nodeStatusPatch, type PatchFacts } from './node-patch.ts'
import { tellsProofs } from './proofs-on-lease.ts'
import { whoseElse } from './whose.ts'

export type NodeAction =
  | { readonly kind: 'createNode'; readonly node: V1Node; readonly why: string }
  | { readonly kind: 'patchNode'; readonly patch: Patch; readonly why: string }
  | { readonly kind: 'patchNodeStatus'; readonly patch: Patch; readonly why: string }
  | { readonly kind: 'createLease'; readonly lease: V1Lease; readonly why: string }
  | { readonly kind: 'renewLease'; readonly lease: V1Lease; readonly why: string }
  /** In our name, where it was not: until that has succeeded nothing else is written. */
  | { readonly kind: 'takeLease'; readonly lease: V1Lease; readonly why: string }
  | { readonly kind: 'giveLease'; readonly lease: V1Lease; readonly why: string }
  | { readonly kind: 'deleteLease'; readonly uid: string; readonly why: string }
  | { readonly kind: 'deleteNode'; readonly uid: string; readonly why: string }
  /** Somebody deleted the Node while its base was silent: taken at their word. */
  | { readonly kind: 'giveUp'; readonly why: string }
  /** The Node or Lease of that name is someone else's: nothing is touched. */
  | { readonly kind: 'refuse'; readonly why: string }

export interface NodePlan {
  readonly actions: readonly NodeAction[]
  readonly wakeAfterMs?: number
  readonly why: string
}

export interface NodeFacts extends Pick<ObjectFacts, 'settings' | 'topology'>, Pick<PatchFacts, 'link' | 'nowMs'> {
  readonly record: BaseRecord | undefined
  readonly node: V1Node | undefined
  readonly lease: V1Lease | undefined
  /** Module Pods still bound to the Node. */
  readonly podsLeft: number
  /** Whose the base is. */
  readonly tenure: Tenure
}

type Known = NodeFacts & { readonly record: BaseRecord }
type Standing = Known & { readonly node: V1Node }

/** A Node's one POST shall carry what the first health answer says; a base that never gives one gets its Node all the same. */
export const HEALTH_GRACE_MS = 2_000
/** Only a heart tells it, and that of a base which lives and answers may have stopped. */
export const ADDRESS_GRACE_MS = 30_000
/** Likewise the Lease and the foreign modules, which the first snapshot tells. */
export const FOREIGN_GRACE_MS = 5_000
/** Without its Node a Pod may linger for a minute until the garbage collector comes by. */
export const PODS_GRACE_MS = 10_000
const PODS_LOOK_MS = 200
const LOOK_AGAIN_MS = 60_000
const LOOK_SOON_MS = 1

const nothing = (why: string, wakeAfterMs?: number): NodePlan => ({
  actions: [],
  why,
  ...(wakeAfterMs !== undefined && { wakeAfterMs }),
})

export function planNode(facts: NodeFacts): NodePlan {
  const { record, node } = facts
  if (!record) return nothing('no base of that name is known')
  const known = { ...facts, record }
  const notOurs = whoseElse(known, facts.settings.env)
  const passed = notOurs ? undefined : planPassing(known)
  if (passed) return passed
  if (record.reach.state === 'dead') return notOurs ? nothing(notOurs) : planRemoval(known)
  if (notOurs) return { actions: [{ kind: 'refuse', why: notOurs }], why: notOurs, wakeAfterMs: LOOK_AGAIN_MS }
  return node ? planStanding({ ...known, node }) : planAbsent(known)
}

/** Where it changes hands, or is in those of another, nothing else is done. */
function planPassing({ record, tenure, lease, settings, nowMs }: Known): NodePlan | undefined {
  const { why } = tenure
  if (tenure.kind === 'fence') return nothing(why)
  if (tenure.kind === 'leave') return nothing(why, tenure.wakeAfterMs)
  if (!lease) return undefined
  if (tenure.kind === 'take') {
    const taken = handedLease(lease, { holder: settings.holderIdentity, nowMs })
    return { actions: [{ kind: 'takeLease', lease: taken, why }], why, wakeAfterMs: LOOK_SOON_MS }
  }
  if (tenure.kind !== 'give') return undefined
  // Who gets it knows no other way what there is not ours to remove.
  const handed = handedLease(lease, { holder: tenure.to, ...seenOf(record), nowMs })
  return { actions: [{ kind: 'giveLease', lease: handed, why }], why, wakeAfterMs: LOOK_SOON_MS }
}

/** The Lease goes first: without it nobody else takes the Node for alive. */
function planRemoval(facts: Known): NodePlan {
  const { record, node, lease, podsLeft } = facts
  const why = `base is dead: ${record.reach.why}`
  const waitMs = node || lease ? podsWaitMs(facts) : 0
  if (waitMs > 0) return nothing(`${why}; ${podsLeft} module Pods go first`, waitMs)
  return { actions: [...deletions('deleteLease', lease, why), ...deletions('deleteNode', node, why)], why }
}

function podsWaitMs({ record, podsLeft, nowMs }: Known): number {
  const graceLeftMs = Math.max(0, record.reach.sinceMs + PODS_GRACE_MS - nowMs)
  return podsLeft > 0 ? Math.min(PODS_LOOK_MS, graceLeftMs) : 0
}

function deletions(
  kind: 'deleteLease' | 'deleteNode',
  object: V1Node | V1Lease | undefined,
  why: string,
): NodeAction[] {
  const { uid, deletionTimestamp } = object?.metadata ?? {}
  return uid === undefined || deletionTimestamp ? [] : [{ kind, uid, why }]
}

function planAbsent(facts: Known): NodePlan {
  const { record, nowMs, link } = facts
  if (record.reach.state === 'silent') {
    const why = 'its Node was deleted while the base was silent'
    return { actions: [{ kind: 'giveUp', why }], why }
  }
  if (record.reach.state !== 'heard') return nothing('no Node yet: the base is not proven to live')
  const addressInMs = record.reach.sinceMs + ADDRESS_GRACE_MS - nowMs
  if (!record.address && addressInMs > 0) return nothing('no Node yet: the base has not told its address', addressInMs)
  const waitMs = record.reach.sinceMs + HEALTH_GRACE_MS - nowMs
  if (!record.health && waitMs > 0) return nothing('no Node yet: its first health answer is awaited', waitMs)
  const node = newNode(facts, nodeConditions({ record, prior: [], link, nowMs }))
  const why = 'the base lives and has no Node'
  return { actions: [{ kind: 'createNode', node, why }], why, wakeAfterMs: 1 }
}

function planStanding(facts: Standing): NodePlan {
  const { node, record, link, nowMs } = facts
  if (node.metadata?.deletionTimestamp) return nothing('the Node is being deleted', PODS_LOOK_MS * 25)
  const lease = planLease(facts)
  const status = nodeStatusPatch(facts)
  const patch = nodePatch(facts)
  const actions: NodeAction[] = [
    ...lease.actions,
    ...(status ? [{ kind: 'patchNodeStatus' as const, patch: status, why: 'its status changed' }] : []),
    ...(patch ? [{ kind: 'patchNode' as const, patch, why: 'its labels, annotations or taints changed' }] : []),
  ]
  const conditionsDue = conditionsDueInMs({ record, prior: [], link, nowMs })
  const handoverDue = facts.tenure.kind === 'keep' ? facts.tenure.wakeAfterMs : undefined
  const wakeAfterMs = soonest(lease.wakeAfterMs, conditionsDue, handoverDue)
  const why = [lease.why, ...actions.slice(lease.actions.length).map(action => action.why)].join('; ')
  return { actions, why, ...(wakeAfterMs !== undefined && { wakeAfterMs }) }
}

function leaseFacts({ record, node, settings, nowMs }: Standing): LeaseFacts {
  const { holderIdentity: holder, env } = settings
  const uid = node.metadata?.uid ?? ''
  return { node: { name: record.nodeName, uid }, holder, env, ...seenOf(record), nowMs }
}

const seenOf = ({ foreign, proofs, snapshot }: BaseRecord): Pick<LeaseFacts, 'foreign' | 'lookedAtMs' | 'proofs'> => ({
  foreign,
  proofs,
  lookedAtMs: snapshot?.receivedAtMs,
})

function planLease(facts: Standing): NodePlan {
  const { lease, settings, nowMs } = facts
  if (!lease) return planFirstLease(facts)
  const dueInMs = renewalDueInMs(lease, settings.holderIdentity, nowMs)
  const why = outdated(lease, facts) ?? (dueInMs === 0 ? 'the Lease is due' : undefined)
  if (why === undefined) return nothing('the Lease is fresh', dueInMs)
  return { actions: [{ kind: 'renewLease', lease: renewedLease(lease, leaseFacts(facts)), why }], why, wakeAfterMs: 1 }
}

function outdated(lease: V1Lease, { record, node }: Standing): string | undefined {
  if (!tellsForeign(lease, record.foreign)) return 'the foreign modules changed'
  if (!tellsProofs(lease, record.proofs)) return 'a trial is to be remembered'
  const owned = lease.metadata?.ownerReferences?.some(({ uid }) => uid === node.metadata?.uid)
  return owned ? undefined : 'the Node is another one'
}

function planFirstLease(facts: Standing): NodePlan {
  const { record, nowMs } = facts
  const waitMs = record.reach.state === 'heard' ? record.reach.sinceMs + FOREIGN_GRACE_MS - nowMs : 0
  if (!record.foreign && waitMs > 0) return nothing('no Lease yet: the first look at its modules is awaited', waitMs)
  const why = 'the Node has no Lease'
  return { actions: [{ kind: 'createLease', lease: newLease(leaseFacts(facts)), why }], why, wakeAfterMs: 1 }
}
