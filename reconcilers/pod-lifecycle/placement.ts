/** May the base run this Pod at all? Asked while nothing of it is there, as a kubelet asks after its start. Pure. */
import type { V1Node, V1Pod } from '@kubernetes/client-node'
import { type ClaimLookups, stageOf } from '../claims.ts'
import { fitsNode } from '../node-affinity.ts'
import { BASE_LABELS, baseLabels } from '../node-identity.ts'
import { keyOfPod } from '../pod-identity.ts'
import type { Store } from '../ports.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { silenceOf } from './base-plan.ts'
import { readModules } from './module-spec.ts'

export interface PlacementFacts {
  readonly record: BaseRecord
  /** As our cache shows it. */
  readonly node: V1Node | undefined
  readonly lookups: ClaimLookups
  readonly nowMs: number
}

/** `unshown`: it does not fit, and its Node does not show that yet: a Pod that is ended now would be replaced right here. */
export type Placement = 'fits' | 'unshown' | 'misfit'

/** The scheduler may know a label of the Node before we do. */
const NODE_SHOWN_WITHIN_MS = 5_000
export const UNSHOWN_LOOK_AGAIN_MS = 500

/** For each Pod of one base; `seenAtMs`: when the Pod was first seen there. */
export function placing(facts: PlacementFacts): (pod: V1Pod, seenAtMs: number) => Placement {
  const { record, node, nowMs } = facts
  if (!node || silenceOf(record) !== undefined) return () => 'fits'
  const name = record.nodeName
  const shown = node.metadata?.labels ?? {}
  const others = Object.entries(shown).filter(([key]) => !BASE_LABELS.includes(key))
  const labels = { ...Object.fromEntries(others), ...baseLabels(record) }
  return (pod, seenAtMs) => {
    if (fitsNode(pod, { name, labels }) || stageOf(pod) !== 'present' || isHere(pod, facts)) return 'fits'
    const isShown = !fitsNode(pod, { name, labels: shown }) && nowMs - seenAtMs >= NODE_SHOWN_WITHIN_MS
    return isShown ? 'misfit' : 'unshown'
  }
}

/** A module that runs, or may, is never stopped for a label. */
function isHere(pod: V1Pod, { record, lookups }: PlacementFacts): boolean {
  const names = new Set(readModules(pod, lookups.value).map(({ bizName }) => bizName))
  const there = [...record.bizs.values(), ...record.flights.values()].map(({ name }) => name)
  const inDoubt = [...record.doubts.keys()].map(key => key.slice(0, key.lastIndexOf(':')))
  return [...there, ...inDoubt].some(name => names.has(name))
}

type Shown = Pick<Store, 'node' | 'seenAtMs'>

export function placingBy(store: Shown, facts: Omit<PlacementFacts, 'node'>): (pod: V1Pod) => Placement {
  const placement = placing({ ...facts, node: store.node(facts.record.nodeName) })
  return pod => placement(pod, store.seenAtMs(keyOfPod(pod)) ?? facts.nowMs)
}
