/** One run with several operators, drawn from its seed: what befalls the world comes from the plan of that seed. */
import type { FaultMix } from '../faults/mix.ts'
import { SeededRng } from '../rng.ts'
import { planOf, type RunPlan } from '../run-plan.ts'

/** What befalls one replica at a time; per hour, of all of them together. */
export const REPLICA_FAULTS = {
  killed: [4, 40],
  toldToStop: [4, 40],
  standsStill: [2, 20],
  offApi: [2, 20],
  offBroker: [2, 20],
  linkCut: [2, 20],
  watchesCut: [4, 40],
  apiOutage: [0.5, 4],
} as const
export type ReplicaFault = keyof typeof REPLICA_FAULTS
export type ReplicaMix = { readonly [Kind in ReplicaFault]?: number }

export interface ReplicaPlan {
  readonly run: RunPlan
  readonly replicas: number
  readonly mix: ReplicaMix
  /** Clocks are up to so far ahead of the world's, or behind. */
  readonly apartMs: number
}

/** These belong to one operator, or cannot be told from what another replica does. */
const OF_ONE = [
  'operatorCrash',
  'operatorCrashAtEffect',
  'operatorRestart',
  'operatorPaused',
  'operatorLinkCut',
  'operatorBlackHole',
  'apiOutage',
  'watchCut',
  'watchTooOld',
  'workloadForced',
  'identityShared',
  'peerRetained',
] as const

const WEB_SHARE = 0.3

export interface ReplicasWanted {
  /** Absent, both: as they are drawn. */
  readonly replicas?: number | undefined
  readonly web?: boolean
}

export function replicaPlanOf(seed: number, { replicas, web }: ReplicasWanted = {}): ReplicaPlan {
  const rng = new SeededRng(`replicas ${seed}`)
  const run = planOf(seed)
  const share = rng.fork('share').pick([0.2, 0.4, 0.8])
  const kinds = Object.entries(REPLICA_FAULTS) as [ReplicaFault, readonly [number, number]][]
  const drawn = kinds.flatMap(([kind, [min, max]]): readonly (readonly [ReplicaFault, number])[] => {
    const own = rng.fork(kind)
    return own.chance(share) ? [[kind, own.skewed(min, max)]] : []
  })
  // In half of the runs nothing else goes wrong: what is found is then the replicas' own.
  const mix = rng.fork('world').chance(0.5) ? {} : withoutOperators(run.mix)
  return {
    run: { ...run, mix, bases: rng.fork('bases').integer(2, 8), web: web ?? rng.fork('web').chance(WEB_SHARE) },
    replicas: replicas ?? rng.fork('count').integer(2, 5),
    mix: Object.fromEntries(drawn),
    apartMs: rng.fork('apart').pick([0, 1_000, 60_000, 3_600_000]),
  }
}

function withoutOperators(mix: FaultMix): FaultMix {
  const out: ReadonlySet<string> = new Set(OF_ONE)
  return Object.fromEntries(Object.entries(mix).filter(([kind]) => !out.has(kind)))
}
