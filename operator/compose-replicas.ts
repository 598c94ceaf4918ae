/** What shares the bases with other replicas; where there can be none, next to nothing. */
import { TokenBucket } from '../reconcilers/loop/token-bucket.ts'
import { KeyQueue } from '../reconcilers/loop/work-queue.ts'
import { alone, type Ownership } from '../reconcilers/ownership.ts'
import { REPLICA_KEY, type ReplicaKey, ReplicasController } from '../reconcilers/peer-replicas/controller.ts'
import { Replicas } from '../reconcilers/peer-replicas/replicas.ts'
import { GIVE_PER_SECOND } from '../reconcilers/peer-replicas/settings.ts'
import type { BaseRegistry } from '../reconcilers/registry/base-registry.ts'
import type { Foundation } from './compose.ts'
import { type AnyController, controllerOf } from './controllers.ts'
import type { Api } from './kube/api-client.ts'
import { KubeMembers } from './kube/members.ts'
import type { ObjectStore } from './kube/store.ts'
import type { Wakes } from './wakes.ts'
import type { LeaseListener } from './watches.ts'

export interface Shares {
  readonly ownership: Ownership
  /** Bases that are ours; undefined: all. */
  readonly held: () => number | undefined
  /** Replicas that live, we among them. */
  readonly living: () => number
  readonly watched?: { readonly listener: LeaseListener; readonly namespace: string }
  readonly controllers: readonly AnyController[]
  /** Resolves with the reason when another process has taken our place. */
  readonly deposed: Promise<string>
  readonly linkChanged: () => void
  /** Nothing of ours is touched any more. */
  readonly stop: () => void
  /** The others need not wait until they miss us. */
  readonly release: () => Promise<void>
}

interface Parts {
  readonly api: Api
  readonly registry: BaseRegistry
  readonly store: ObjectStore
  readonly wakes: Wakes
}

const BURST = 5

export const sharesOf = (foundation: Foundation, parts: Parts): Shares =>
  foundation.config.peerReplicas ? shared(foundation, parts) : unshared(foundation)

function unshared({ config }: Foundation): Shares {
  return {
    ownership: alone(config.clientId),
    held: () => undefined,
    living: () => 1,
    controllers: [],
    deposed: new Promise(() => undefined),
    linkChanged: () => undefined,
    stop: () => undefined,
    release: async () => undefined,
  }
}

function shared(foundation: Foundation, { api, registry, store, wakes }: Parts): Shares {
  const { config, clock, rng, log } = foundation
  const queue = new KeyQueue<ReplicaKey>({ clock, rng })
  const wake = (): void => queue.add(REPLICA_KEY)
  const replicas = new Replicas({
    client: config.clientId,
    env: config.env,
    registry,
    store,
    giving: new TokenBucket({ ratePerSecond: GIVE_PER_SECOND, burst: BURST, clock }),
    clock,
    rng,
    log,
    onChange: node => wakes.ownerChanged(node),
  })
  let onDeposed: (why: string) => void = () => undefined
  const deposed = new Promise<string>(resolve => {
    onDeposed = resolve
  })
  const reconciler = new ReplicasController({
    replicas,
    members: new KubeMembers(api, config.podNamespace),
    clock,
    log,
    onChange: () => wakes.everything(),
    onDeposed,
  })
  wake()
  return {
    ownership: replicas,
    held: () => replicas.held,
    living: () => replicas.roster.present().length + 1,
    watched: { listener: listening(replicas, wake), namespace: config.podNamespace },
    controllers: [controllerOf(foundation, { reconciler, queue, concurrency: 1, isKnown: () => true })],
    deposed,
    linkChanged: wake,
    stop: () => replicas.stop(),
    release: () => reconciler.release(),
  }
}

const listening = (replicas: Replicas, wake: () => void): LeaseListener => ({
  leaseSeen: (name, lease) => replicas.leaseSeen(name, lease),
  leaseGone: (name, lease) => replicas.leaseGone(name, lease),
  memberSeen: lease => {
    replicas.memberSeen(lease)
    wake()
  },
  memberGone: lease => {
    replicas.memberGone(lease)
    wake()
  },
})
