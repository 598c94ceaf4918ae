/** The arithmetic of Leases: who holds one, until when, and when it is due again. Pure. */
import type { V1Lease } from '@kubernetes/client-node'
import type { BizKey } from '../../mqtt-bridge/index.ts'
import { ANNOTATION, LABEL, LEASE_NAMESPACE, type NodeName } from '../names.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { MicroTime, timeMs } from '../times.ts'
import { proofsText } from './proofs-on-lease.ts'

export const LEASE_DURATION_SECONDS = 40
/** Kubernetes calls a Node Unknown after 40 to 50 s: two renewals may fail. */
export const RENEW_EVERY_MS = 15_000
/** Up to this share later, so that bases which came together do not renew together for ever. */
export const RENEW_JITTER = 0.1
export const LEASE_COMPONENT = 'vnode-lease'

export const renewedAtMs = (lease: V1Lease): number | undefined => timeMs(lease.spec?.renewTime)

export function isExpired(lease: V1Lease, nowMs: number): boolean {
  const renewed = renewedAtMs(lease)
  const durationMs = (lease.spec?.leaseDurationSeconds ?? LEASE_DURATION_SECONDS) * 1_000
  return renewed === undefined || nowMs - renewed >= durationMs
}

export const holds = (lease: V1Lease, holder: string, nowMs: number): boolean =>
  lease.spec?.holderIdentity === holder && !isExpired(lease, nowMs)

/** How long until it must be renewed; 0: now. One stamped in our future is renewed: that clock was wrong. */
export function renewalDueInMs(lease: V1Lease, holder: string, nowMs: number): number {
  const renewed = renewedAtMs(lease)
  if (renewed === undefined || lease.spec?.holderIdentity !== holder) return 0
  const ageMs = nowMs - renewed
  return ageMs < -RENEW_EVERY_MS ? 0 : Math.max(0, RENEW_EVERY_MS - ageMs)
}

export interface LeaseFacts {
  readonly node: { readonly name: NodeName; readonly uid: string }
  readonly holder: string
  readonly env: string
  readonly foreign: ReadonlySet<BizKey> | undefined
  /** Of the last look at what the base runs; undefined: there was none in this life of ours. */
  readonly lookedAtMs: number | undefined
  readonly proofs: BaseRecord['proofs']
  readonly nowMs: number
}

type Seen = Partial<Pick<LeaseFacts, 'foreign' | 'lookedAtMs' | 'proofs'>>

const foreignText = (foreign: ReadonlySet<BizKey>): string => JSON.stringify([...foreign].sort())

/** What is not known never wipes out what a Lease already tells. */
function annotationsOf(lease: V1Lease | undefined, { foreign, lookedAtMs, proofs }: Seen): Record<string, string> {
  const { [ANNOTATION.proofs]: former, ...kept } = lease?.metadata?.annotations ?? {}
  const text = proofs ? proofsText(proofs) : former
  return {
    ...kept,
    ...(text !== undefined && { [ANNOTATION.proofs]: text }),
    ...(foreign && { [ANNOTATION.foreign]: foreignText(foreign) }),
    ...(lookedAtMs !== undefined && { [ANNOTATION.lookedAt]: new Date(lookedAtMs).toISOString() }),
  }
}

/** Undefined where it tells nothing that we understand. */
export function lookedAtMs(lease: V1Lease | undefined): number | undefined {
  const atMs = timeMs(lease?.metadata?.annotations?.[ANNOTATION.lookedAt])
  return Number.isNaN(atMs) ? undefined : atMs
}

export const tellsForeign = (lease: V1Lease, foreign: LeaseFacts['foreign']): boolean =>
  foreign === undefined || lease.metadata?.annotations?.[ANNOTATION.foreign] === foreignText(foreign)

/** The foreign modules that a Lease tells of; undefined where it tells nothing that we understand. */
export function foreignOf(lease: V1Lease | undefined): ReadonlySet<BizKey> | undefined {
  const text = lease?.metadata?.annotations?.[ANNOTATION.foreign]
  if (text === undefined) return undefined
  try {
    const list: unknown = JSON.parse(text)
    if (!Array.isArray(list) || !list.every(entry => typeof entry === 'string')) return undefined
    return new Set(list as BizKey[])
  } catch {
    return undefined
  }
}

const ownerOf = ({ node }: LeaseFacts) => [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid }]

export function newLease(facts: LeaseFacts): V1Lease {
  const now = new MicroTime(facts.nowMs)
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: facts.node.name,
      namespace: LEASE_NAMESPACE,
      labels: { [LABEL.component]: LEASE_COMPONENT, [LABEL.env]: facts.env },
      annotations: annotationsOf(undefined, facts),
      ownerReferences: ownerOf(facts),
    },
    spec: {
      holderIdentity: facts.holder,
      leaseDurationSeconds: LEASE_DURATION_SECONDS,
      leaseTransitions: 0,
      acquireTime: now,
      renewTime: now,
    },
  }
}

/** The whole object for a PUT: its resourceVersion makes it a compare-and-swap. */
export function renewedLease(lease: V1Lease, facts: LeaseFacts): V1Lease {
  const renewed = handedLease(lease, facts)
  return {
    ...renewed,
    metadata: {
      ...renewed.metadata,
      // A Node that was deleted and came back has another uid: its Lease would be collected as garbage.
      ownerReferences: ownerOf(facts),
    },
  }
}

/** The same Lease in the name of another holder: who takes it stands by the Node later, when it has looked. */
export function handedLease(
  lease: V1Lease,
  { holder, nowMs, ...seen }: Pick<LeaseFacts, 'holder' | 'nowMs'> & Seen,
): V1Lease {
  const now = new MicroTime(nowMs)
  const { spec, metadata } = lease
  const acquired = timeMs(spec?.acquireTime)
  const moved = spec?.holderIdentity !== holder
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...metadata, annotations: annotationsOf(lease, seen) },
    spec: {
      ...spec,
      holderIdentity: holder,
      leaseDurationSeconds: LEASE_DURATION_SECONDS,
      leaseTransitions: (spec?.leaseTransitions ?? 0) + (moved ? 1 : 0),
      acquireTime: moved || acquired === undefined ? now : new MicroTime(acquired),
      renewTime: now,
    },
  }
}
