/** For tests: replicas on one stepped clock, and Leases as an API server would give them back. */
import type { V1Lease } from '@kubernetes/client-node'
import type { BaseId } from '../../mqtt-bridge/index.ts'
import { SteppedClock } from '../loop/stepped-clock.ts'
import { type NodeName, nodeName } from '../names.ts'
import type { Log } from '../ports.ts'
import { aBase } from '../registry/a-base.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { newMemberLease, releasedMemberLease, renewedMemberLease } from './member-lease.ts'
import { Replicas } from './replicas.ts'

const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }
export const NODE = nodeName('virtual-node-b1')

/** Hands out versions as etcd does. */
export class Versions {
  #last = 0

  stamped(lease: V1Lease, uid = lease.metadata?.uid ?? `uid of ${lease.metadata?.name}`): V1Lease {
    this.#last += 1
    const metadata = { ...lease.metadata, uid, resourceVersion: String(this.#last) }
    return JSON.parse(JSON.stringify({ ...lease, metadata })) as V1Lease
  }
}

export class AReplica {
  readonly clock: SteppedClock
  readonly replicas: Replicas
  readonly leases = new Map<string, V1Lease>()
  readonly changed: string[] = []
  record: BaseRecord = aBase()
  link = { connected: true, epoch: 1, sinceMs: 0, why: 'connected' }
  readonly #versions: Versions

  constructor(client = 'op-1', clock = new SteppedClock(1_800_000_000_000), versions = new Versions()) {
    let draws = 0
    this.clock = clock
    this.#versions = versions
    const replica = this
    this.replicas = new Replicas({
      client,
      env: 'dev',
      registry: {
        byNode: (name: NodeName) => (name === this.record.nodeName ? this.record : undefined),
        get link() {
          return replica.link
        },
      },
      store: { lease: name => this.leases.get(name) },
      giving: { tryTake: () => true },
      clock,
      rng: { next: () => (draws++ % 97) / 97 + 0.001 },
      log: silentLog,
      onChange: node => this.changed.push(node),
    })
  }

  get base(): BaseId {
    return this.record.id
  }

  /** Renews our membership, and shows it in our watch. */
  renew(): V1Lease {
    const beganAtMs = this.clock.now()
    const { ownLease, memberFacts } = this.replicas
    const draft = ownLease ? renewedMemberLease(ownLease, memberFacts) : newMemberLease(memberFacts)
    const lease = this.#versions.stamped(draft)
    this.replicas.renewed(lease, beganAtMs)
    this.replicas.memberSeen(lease)
    this.replicas.roster.judge(this.clock.now())
    return lease
  }

  released(): V1Lease {
    const { ownLease, memberFacts } = this.replicas
    return this.#versions.stamped(releasedMemberLease(ownLease ?? newMemberLease(memberFacts), memberFacts))
  }

  /** The Lease of the base in the name of `holder`, as the watch shows it. */
  shows(holder: string): V1Lease {
    const before = this.leases.get(NODE)
    const named = { metadata: { name: NODE, ...before?.metadata }, spec: { ...before?.spec, holderIdentity: holder } }
    const lease = this.#versions.stamped(named)
    this.leases.set(NODE, lease)
    this.replicas.leaseSeen(NODE, lease)
    return lease
  }

  /** Writes it in our own name. */
  takes(): V1Lease {
    const askedAtMs = this.clock.now()
    const lease = this.shows(this.replicas.holder)
    this.replicas.took(NODE, lease, askedAtMs)
    return lease
  }

  tenure() {
    return this.replicas.tenure(this.record, this.leases.get(NODE))
  }
}
