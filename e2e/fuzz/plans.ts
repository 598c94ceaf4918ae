/** What is planned from what was let in: nothing throws, and whatever would be written or sent is fit for it. */
import type { V1Node } from '@kubernetes/client-node'
import type { LinkState } from '../../mqtt-bridge/index.ts'
import { debugPage } from '../../operator/http/debug-state.ts'
import type { Part } from '../../reconcilers/base-tunnel/plan.ts'
import { TUNNEL_DEFAULTS } from '../../reconcilers/base-tunnel/settings.ts'
import { isLabelValue, isNodeName } from '../../reconcilers/node-identity.ts'
import { nodeConditions } from '../../reconcilers/node-lease/conditions.ts'
import { newNode } from '../../reconcilers/node-lease/node-object.ts'
import { planNode } from '../../reconcilers/node-lease/plan.ts'
import { NODE_LEASE_DEFAULTS } from '../../reconcilers/node-lease/settings.ts'
import type { BaseRecord } from '../../reconcilers/registry/base-record.ts'

const SETTINGS = {
  ...NODE_LEASE_DEFAULTS,
  env: 'dev',
  holderIdentity: 'fuzz',
  kubeletVersion: 'v1.36.3-koupleless-0.1.0',
}
const QUANTITY = /^\d{1,18}([KMG]i)?$/

export function planFaults(
  record: BaseRecord,
  link: LinkState,
  nowMs: number,
  parts: readonly Part[],
): readonly string[] {
  decideAll(record, link, nowMs, parts)
  const prior = nodeConditions({ record, prior: [], link, nowMs })
  const node = newNode({ record, settings: SETTINGS, topology: undefined }, prior)
  const tenure = { kind: 'keep', why: 'ours' } as const
  const facts = { record, link, nowMs, settings: SETTINGS, topology: undefined, podsLeft: 0, tenure }
  planNode({ ...facts, node: undefined, lease: undefined })
  planNode({ ...facts, node, lease: undefined })
  return [...nodeFaults(node), ...debugFaults(record, link, nowMs)]
}

function decideAll(record: BaseRecord, link: LinkState, nowMs: number, parts: readonly Part[]): void {
  const facts = {
    record,
    node: { name: record.nodeName },
    hasNode: true,
    link,
    census: { known: 1, missing: 0 },
    lastDeathAtMs: undefined,
    ownPod: 'none' as const,
    claimed: () => new Set<never>(),
    cacheFreshAtMs: nowMs,
    memo: { askedAtMs: {}, commanded: new Map() },
    slot: 0.5,
    settings: TUNNEL_DEFAULTS,
    nowMs,
  }
  for (const { decide } of parts) decide(facts)
}

/** What the API server would refuse again and again. */
function nodeFaults({ metadata, status }: V1Node): readonly string[] {
  const { name = '', labels = {} } = metadata ?? {}
  const label = Object.entries(labels).find(([, value]) => !isLabelValue(value))
  const quantities = Object.entries({ ...status?.capacity, ...status?.allocatable })
  const quantity = quantities.find(([, value]) => !QUANTITY.test(value))
  return [
    ...(isNodeName(name) ? [] : [`a Node of the name ${JSON.stringify(name)}`]),
    ...(label ? [`a label ${JSON.stringify(label)}`] : []),
    ...(quantity ? [`a quantity ${JSON.stringify(quantity)}`] : []),
  ]
}

/** One line per fact, and no control characters: people read it on terminals. */
function debugFaults(record: BaseRecord, link: LinkState, nowMs: number): readonly string[] {
  const store = { synced: true, freshAtMs: nowMs }
  const page = debugPage({ now: () => nowMs, bases: () => [record], link: () => link, store, controllers: [] })
  const reply = page(new URLSearchParams())
  if (!('body' in reply)) return ['the debug page keeps one waiting']
  const line = reply.body.split('\n').find(text => /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(text))
  return line === undefined ? [] : [`/debug/state: ${JSON.stringify(line).slice(0, 300)}`]
}
