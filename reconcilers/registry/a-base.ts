/** Builders for tests of every room: sane defaults, so that a test names only what matters to it. */
import {
  type BaseId,
  type BizReport,
  type BizState,
  baseId,
  bizKey,
  type Observation,
} from '../../mqtt-bridge/index.ts'
import { nodeName } from '../names.ts'
import {
  type Attempt,
  type BaseRecord,
  type ClaimId,
  claimId,
  type Flight,
  type ModuleTuple,
  type Provenance,
} from './base-record.ts'
import type { ObserveContext } from './observed.ts'

/** The moment at which a built base was last heard, by our clock and by its own. */
export const BUILT_AT_MS = 1_000_000

export interface BaseFacts extends Partial<Omit<BaseRecord, 'id' | 'bizs' | 'flights' | 'provenance' | 'attempts'>> {
  readonly id?: string
  readonly bizs?: readonly BizReport[]
  readonly flights?: readonly Flight[]
  /** By `name:version`. */
  readonly provenance?: Readonly<Record<string, Provenance>>
  /** By claim id (`podUid/container`). */
  readonly attempts?: Readonly<Record<string, Attempt>>
  /** Fields that the built base shall lack. */
  readonly lacking?: readonly ('snapshot' | 'health' | 'metaspaceOwnBytes' | 'address' | 'foreign' | 'process')[]
}

/**
 * A base that is heard, was just looked at, runs nothing and has a record of (no) foreign modules. Another replica has asked it: all
 * that it says is believed.
 */
export function aBase(facts: BaseFacts = {}): BaseRecord {
  const { id = 'b1', bizs = [], flights = [], provenance = {}, attempts = {}, lacking = [], ...rest } = facts
  const record: BaseRecord = {
    ...quietBase(id),
    bizs: new Map(bizs.map(biz => [bizKey(biz.name, biz.version), biz])),
    flights: new Map(flights.map(flight => [bizKey(flight.name, flight.version), flight])),
    provenance: keyed<Provenance, ReturnType<typeof bizKey>>(provenance),
    attempts: keyed<Attempt, ClaimId>(attempts),
    ...rest,
  }
  const kept = Object.entries(record).filter(([field]) => !(lacking as readonly string[]).includes(field))
  return Object.fromEntries(kept) as unknown as BaseRecord
}

const keyed = <V, K extends string>(entries: Readonly<Record<string, V>>): ReadonlyMap<K, V> =>
  new Map(Object.entries(entries).map(([key, value]) => [key as K, value]))

function quietBase(id: string): BaseRecord {
  return {
    id: baseId(id),
    nodeName: nodeName(`virtual-node-${id}`),
    nodeIs: 'ours',
    tunnel: 'mqtt',
    metadata: { name: 'base', version: '1.1.1', clusterName: 'base' },
    address: { ip: '10.0.0.1', hostName: id, port: 0 },
    firstHeardAtMs: BUILT_AT_MS - 60_000,
    life: {
      epoch: 1,
      messagesInEpoch: 10,
      aliveAtMs: BUILT_AT_MS,
      heardAtMs: BUILT_AT_MS,
      heartAtMs: BUILT_AT_MS,
      answeredAtMs: BUILT_AT_MS,
    },
    reach: { state: 'heard', sinceMs: BUILT_AT_MS - 60_000, why: 'answers' },
    health: {
      runTimeMs: 60_000,
      javaVersion: '17.0.15',
      processors: 2,
      metaspaceUsedBytes: 36 * MIB,
      metaspaceCommittedBytes: 37 * MIB,
      metaspaceMaxBytes: 160 * MIB,
      masterState: 'activated',
    },
    healthAtMs: BUILT_AT_MS,
    metaspaceOwnBytes: 37 * MIB,
    snapshot: { publishedAtMs: BUILT_AT_MS, receivedAtMs: BUILT_AT_MS, count: 3 },
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
    foreign: new Set(),
    unclaimed: new Map(),
    restarts: 0,
    lastPublishedAtMs: { heart: BUILT_AT_MS, health: BUILT_AT_MS, snapshot: BUILT_AT_MS },
    basePodSettled: true,
    process: {
      earlierStartsMs: [],
      runTime: {
        ms: 60_000,
        startedAtMs: BUILT_AT_MS - 60_000,
        startedPublishedAtMs: BUILT_AT_MS - 60_000,
      },
    },
  }
}

const MIB = 1024 * 1024

export function aBiz(name = 'biz1', version = '0.0.1', state: BizState = 'activated'): BizReport {
  return { name, version, state, changedAtMs: BUILT_AT_MS - 1_000, reason: 'STARTED', message: '' }
}

export function aTuple(facts: Partial<ModuleTuple> = {}): ModuleTuple {
  return { version: '0.0.1', url: 'http://jars/biz1-0.0.1.jar', args: [], envs: {}, restartedAt: '', ...facts }
}

export const aClaim = (podUid = 'pod-1', container = 'biz1'): ClaimId => claimId(podUid, container)

/** An installBiz of biz1:0.0.1 for `aClaim()`, sent just now. */
export function aFlight(facts: Partial<Flight> = {}): Flight {
  return {
    command: 'installBiz',
    name: 'biz1',
    version: '0.0.1',
    strategy: 'installOnly',
    claim: aClaim(),
    tuple: aTuple(facts.version === undefined ? {} : { version: facts.version }),
    sentAtMs: BUILT_AT_MS,
    overdue: false,
    ...facts,
  }
}

/** An uninstallBiz of biz1:0.0.1, sent just now. */
export const anUninstall = (facts: Partial<Flight> = {}): Flight => ({
  command: 'uninstallBiz',
  name: 'biz1',
  version: '0.0.1',
  sentAtMs: BUILT_AT_MS,
  overdue: false,
  ...facts,
})

export const aProvenance = (facts: Partial<Provenance> = {}): Provenance => ({
  tuple: aTuple(),
  claim: aClaim(),
  atMs: BUILT_AT_MS - 1_000,
  ...facts,
})

export const anAttempt = (facts: Partial<Attempt> = {}): Attempt => ({
  url: 'http://jars/biz1-0.0.1.jar',
  failures: 1,
  lastFailedAtMs: BUILT_AT_MS - 1_000,
  code: 'FAILED',
  message: 'java.net.ConnectException: Connection refused',
  nextTryAtMs: BUILT_AT_MS + 9_000,
  final: false,
  unproven: false,
  ...facts,
})

/** A moment after `BUILT_AT_MS` on the same connection; `jitter` 0.5 leaves every backoff as it is. */
export const aContext = (facts: Partial<ObserveContext> = {}): ObserveContext => ({
  nowMs: BUILT_AT_MS + 10,
  link: { connected: true, epoch: 1, sinceMs: 0, why: 'connected' },
  nodeNameOf: id => nodeName(`virtual-node-${id}`),
  jitter: 0.5,
  ...facts,
})

type Kind = Observation['kind']
type Of<K extends Kind> = Extract<Observation, { kind: K }>

const SAMPLES: { readonly [K in Kind]: Of<K> } = {
  queryBaseline: {
    kind: 'queryBaseline',
    base: baseId('b1'),
    publishedAtMs: BUILT_AT_MS + 1,
    metadata: { name: 'base', version: '1.1.1', clusterName: 'base' },
  },
  heart: {
    kind: 'heart',
    base: baseId('b1'),
    publishedAtMs: BUILT_AT_MS + 1,
    metadata: { name: 'base', version: '1.1.1', clusterName: 'base' },
    ip: '10.0.0.1',
    hostName: 'b1',
    port: 0,
    state: 'activated',
  },
  health: {
    kind: 'health',
    base: baseId('b1'),
    publishedAtMs: BUILT_AT_MS + 1,
    health: { runTimeMs: 60_001, processors: 2, metaspaceUsedBytes: 36 * MIB, metaspaceMaxBytes: 160 * MIB },
  },
  snapshot: { kind: 'snapshot', base: baseId('b1'), publishedAtMs: BUILT_AT_MS + 1, bizs: [] },
  answer: {
    kind: 'answer',
    base: baseId('b1'),
    publishedAtMs: BUILT_AT_MS + 1,
    command: 'installBiz',
    name: 'biz1',
    version: '0.0.1',
    outcome: { kind: 'installed', bizs: [aBiz()] },
  },
  batchAnswer: {
    kind: 'batchAnswer',
    base: baseId('b1'),
    publishedAtMs: BUILT_AT_MS + 1,
    code: 'SUCCESS',
    message: 'batch install success',
    results: [],
  },
}

export type ObservationFacts<K extends Kind> = Partial<Omit<Of<K>, 'base' | 'kind'>> & { readonly base?: string }

/** What base `b1` says a millisecond after `BUILT_AT_MS`. */
export function anObservation<K extends Kind>(kind: K, facts?: ObservationFacts<K>): Of<K> {
  const base: BaseId = baseId(facts?.base ?? 'b1')
  return { ...SAMPLES[kind], ...facts, base }
}

/** A heart whose sender knows no address that others can use. */
export function aHeartSaying(unusableIp: string, facts?: ObservationFacts<'heart'>): Of<'heart'> {
  const { ip: _none, ...heart } = anObservation('heart', facts)
  return { ...heart, unusableIp }
}
