/** The membership Lease: how a replica says that it lives, that it hears bases, and that it goes. Pure. */
import type { V1Lease } from '@kubernetes/client-node'
import { ANNOTATION, LABEL } from '../names.ts'
import { MicroTime, timeMs } from '../times.ts'
import { clientOf, memberName } from './replica-id.ts'

export const MEMBER_COMPONENT = 'replica-lease'
export const MEMBER_LEASE_SECONDS = 15

export interface Member {
  readonly name: string
  readonly uid: string
  readonly holder: string
  /** Any write changes it. */
  readonly version: string
  /** By the clock of whoever wrote it. */
  readonly renewedAtMs: number | undefined
  /** It has a connection to the broker. */
  readonly hears: boolean
  /** It has stopped, and acts no more. */
  readonly released: boolean
}

export function readMember({ metadata, spec }: V1Lease): Member | undefined {
  const { name, uid, resourceVersion: version, annotations = {} } = metadata ?? {}
  const holder = spec?.holderIdentity
  if (!name || !uid || !version || !holder) return undefined
  const state = annotations[ANNOTATION.replica]
  return {
    name,
    uid,
    holder,
    version,
    renewedAtMs: timeMs(spec?.renewTime),
    hears: state === 'hears',
    released: state === 'released',
  }
}

export interface MemberFacts {
  readonly env: string
  readonly holder: string
  readonly hears: boolean
  readonly nowMs: number
}

export function newMemberLease(facts: MemberFacts): V1Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: memberName(facts.env, clientOf(facts.holder)),
      labels: { [LABEL.component]: MEMBER_COMPONENT, [LABEL.env]: facts.env },
      annotations: { [ANNOTATION.replica]: facts.hears ? 'hears' : 'deaf' },
    },
    spec: {
      holderIdentity: facts.holder,
      leaseDurationSeconds: MEMBER_LEASE_SECONDS,
      acquireTime: new MicroTime(facts.nowMs),
      renewTime: new MicroTime(facts.nowMs),
    },
  }
}

/** The whole object for a PUT: a twin that writes the same Lease makes it fail. */
export function renewedMemberLease(lease: V1Lease, facts: MemberFacts): V1Lease {
  const fresh = newMemberLease(facts)
  const mine = lease.spec?.holderIdentity === facts.holder
  const acquired = mine ? timeMs(lease.spec?.acquireTime) : undefined
  return {
    ...fresh,
    metadata: {
      ...lease.metadata,
      labels: fresh.metadata?.labels ?? {},
      annotations: fresh.metadata?.annotations ?? {},
    },
    spec: { ...fresh.spec, acquireTime: new MicroTime(acquired ?? facts.nowMs) },
  }
}

export function releasedMemberLease(lease: V1Lease, facts: MemberFacts): V1Lease {
  const renewed = renewedMemberLease(lease, facts)
  return { ...renewed, metadata: { ...renewed.metadata, annotations: { [ANNOTATION.replica]: 'released' } } }
}
