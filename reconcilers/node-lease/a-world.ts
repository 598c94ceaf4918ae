/** For tests: the controller of Nodes between a base that is heard and an API server that only stores. */
import type { CoreV1Event } from '@kubernetes/client-node'
import { baseId, type Observation } from '../../mqtt-bridge/index.ts'
import { SteppedClock } from '../loop/stepped-clock.ts'
import { nodeName } from '../names.ts'
import { nodeNaming } from '../node-identity.ts'
import { alone } from '../ownership.ts'
import type { BasePods, Cluster, Log, Store } from '../ports.ts'
import { anObservation, BUILT_AT_MS } from '../registry/a-base.ts'
import { BaseRegistry } from '../registry/base-registry.ts'
import { StoringCluster } from './a-cluster.ts'
import { aLink, someSettings } from './a-node.ts'
import { NodeLeaseController } from './controller.ts'

export const b1 = baseId('b1')
export const node1 = nodeName('virtual-node-b1')
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }

export class World {
  readonly clock = new SteppedClock(BUILT_AT_MS)
  readonly api = new StoringCluster()
  readonly events: CoreV1Event[] = []
  readonly found: Awaited<ReturnType<BasePods['find']>>[] = []
  readonly finds: string[] = []
  podsLeft = 0
  freshAtMs = BUILT_AT_MS
  readonly registry = new BaseRegistry({
    nodeNameOf: nodeNaming('virtual-node-{identity}', 'dev'),
    rng: { next: () => 0.5 },
    maxBases: 10,
    newcomers: { tryTake: () => true },
  })
  readonly controller: NodeLeaseController
  hasRoomToLook = true

  constructor() {
    const api = this.api
    const world = this
    this.registry.setLink(aLink())
    const store: Store = {
      synced: true,
      get freshAtMs() {
        return world.freshAtMs
      },
      node: api.node,
      nodes: api.nodes,
      lease: api.lease,
      pod: () => undefined,
      podsOn: () => Array.from({ length: this.podsLeft }, () => ({})),
      seenAtMs: () => undefined,
    }
    const basePods: BasePods = {
      find: async ip => {
        this.finds.push(ip)
        return this.found.shift()
      },
      state: () => 'unknown',
      topologyOf: async name => ({ 'topology.kubernetes.io/zone': `zone of ${name}` }),
    }
    this.controller = new NodeLeaseController({
      registry: this.registry,
      ownership: alone(someSettings().holderIdentity),
      store,
      cluster: api as unknown as Cluster,
      basePods,
      furtherLooks: { tryTake: () => this.hasRoomToLook },
      events: { emit: event => this.events.push(event) },
      clock: this.clock,
      rng: { next: () => 0.5 },
      log: silentLog,
      settings: someSettings(),
    })
  }

  hear(observation: Observation): void {
    this.registry.observe(observation, this.clock.now())
  }

  reach(state: 'heard' | 'silent' | 'dead'): void {
    this.registry.note(b1, { kind: 'reach', reach: { state, sinceMs: this.clock.now(), why: 'test' } })
  }

  /** A base that was heard twice, told its health and shows no module. */
  welcome(): void {
    this.hear(anObservation('heart'))
    this.hear(anObservation('health'))
    this.reach('heard')
    this.registry.note(b1, { kind: 'foreign', keys: new Set() })
  }

  /** Runs until nothing is left to do at once; returns the last outcome. */
  async settle() {
    for (let runs = 0; runs < 10; runs += 1) {
      const outcome = await this.controller.reconcile(node1)
      if (outcome.requeueAfterMs === undefined || outcome.requeueAfterMs > 1) return outcome
    }
    throw new Error('does not settle')
  }

  writesOf(kind: string): number {
    return this.api.writes.filter(write => write === kind).length
  }
}
