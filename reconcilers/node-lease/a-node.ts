/** Builders for the tests of this room. */
import type { V1Lease, V1Node } from '@kubernetes/client-node'
import type { LinkState } from '../../mqtt-bridge/index.ts'
import { aBase, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import { nodeConditions } from './conditions.ts'
import { newLease } from './lease.ts'
import { newNode } from './node-object.ts'
import type { NodeFacts } from './plan.ts'
import { NODE_LEASE_DEFAULTS, type NodeLeaseSettings } from './settings.ts'

export const NODE_UID = 'node-uid'

export const someSettings = (facts: Partial<NodeLeaseSettings> = {}): NodeLeaseSettings => ({
  ...NODE_LEASE_DEFAULTS,
  env: 'dev',
  holderIdentity: 'operator-1',
  kubeletVersion: 'v1.36.3-koupleless-0.1.0',
  ...facts,
})

export const aLink = (facts: Partial<LinkState> = {}): LinkState => ({
  connected: true,
  epoch: 1,
  sinceMs: BUILT_AT_MS - 600_000,
  why: 'connected',
  ...facts,
})

/** The Node that this controller makes of a base, as the API server gives it back. */
export function aNode(facts: BaseFacts = {}, settings = someSettings()): V1Node {
  const record = aBase(facts)
  const conditions = nodeConditions({ record, prior: [], link: aLink(), nowMs: BUILT_AT_MS - 60_000 })
  const node = newNode({ record, settings, topology: undefined }, conditions)
  const stored = { ...node, metadata: { ...node.metadata, uid: NODE_UID, resourceVersion: '7' } }
  return JSON.parse(JSON.stringify(stored)) as V1Node
}

/** Its Lease, renewed at `renewedAtMs`. */
export function aLease(renewedAtMs = BUILT_AT_MS, facts: Partial<Parameters<typeof newLease>[0]> = {}): V1Lease {
  const { nodeName: name } = aBase()
  const node = { name, uid: NODE_UID }
  const lease = newLease({
    node,
    holder: 'operator-1',
    env: 'dev',
    foreign: new Set(),
    lookedAtMs: undefined,
    proofs: new Map(),
    nowMs: renewedAtMs,
    ...facts,
  })
  const stored = { ...lease, metadata: { ...lease.metadata, uid: 'lease-uid', resourceVersion: '3' } }
  return JSON.parse(JSON.stringify(stored)) as V1Lease
}

/** A base that is heard, with its Node and a fresh Lease: nothing is to be done. */
export const nodeFacts = (facts: Partial<NodeFacts> = {}): NodeFacts => ({
  record: aBase(),
  node: aNode(),
  lease: aLease(),
  link: aLink(),
  settings: someSettings(),
  topology: undefined,
  podsLeft: 0,
  tenure: { kind: 'keep', why: 'ours' },
  nowMs: BUILT_AT_MS,
  ...facts,
})
