import type { BaseId, BaseMetadata } from '../../mqtt-bridge/index.ts'
import type { NodeName } from '../names.ts'
import type { BaseRecord } from './base-record.ts'

export interface FirstContact {
  readonly id: BaseId
  readonly nodeName: NodeName
  readonly metadata: BaseMetadata
  readonly nowMs: number
}

/** A base of which nothing is known but who it is; also the start for one that is adopted from its Node. */
export function newRecord({ id, nodeName, metadata, nowMs }: FirstContact): BaseRecord {
  return {
    id,
    nodeName,
    tunnel: 'mqtt',
    metadata,
    firstHeardAtMs: nowMs,
    // Epoch 0 is before our first connection: the first message, in whatever epoch, begins a new count.
    life: { epoch: 0, messagesInEpoch: 0, aliveAtMs: 0, heardAtMs: 0 },
    reach: { state: 'unproven', sinceMs: nowMs, why: 'not yet heard twice' },
    bizs: new Map(),
    flights: new Map(),
    doubts: new Map(),
    provenance: new Map(),
    attempts: new Map(),
    webPaths: new Map(),
    proofs: new Map(),
    drains: new Map(),
    preStops: new Map(),
    metaspaceByName: new Map(),
    unclaimed: new Map(),
    restarts: 0,
    lastPublishedAtMs: {},
    basePodSettled: false,
  }
}
