/** One run, drawn from its seed: what there is, which faults it has, what users do. Whoever shrinks it makes less of each. */
import { drawMix, type FaultKind, type FaultMix, leaningOn } from './faults/mix.ts'
import type { Crash } from './operator/crashes.ts'
import { SeededRng } from './rng.ts'

export interface RunPlan {
  readonly seed: number
  readonly bases: number
  readonly workloads: number
  readonly steps: number
  /** Of faults; then the world is healed. */
  readonly faultyMs: number
  readonly mix: FaultMix
  readonly kubernetesMinor: number
  /** Nothing may happen in a world at rest: watched in some runs only, for it takes its time. */
  readonly watchesQuiet: boolean
  /** Played once more without faults: users must have the same in the end. Some runs only. */
  readonly comparesEnd: boolean
  /** Bases lend web servers, and some modules are web modules, or such as cannot stand twice. */
  readonly web?: boolean
  /** The operator is killed at one place that is named, and nowhere else. */
  readonly crash?: Crash
}

const MINUTE_MS = 60_000
const WEB_SHARE = 0.5

export interface Wanted {
  /** The only faults of that run; none given: as they are drawn. */
  readonly lean?: readonly FaultKind[]
  /** Absent: as it is drawn. */
  readonly web?: boolean
}

export function planOf(seed: number, { lean = [], web }: Wanted = {}): RunPlan {
  const rng = new SeededRng(`plan ${seed}`)
  const faultyMs = rng.fork('minutes').skewed(2, 12) * MINUTE_MS
  return {
    seed,
    bases: rng.fork('bases').pick([1, 2, 2, 3, 3, 5]),
    workloads: rng.fork('workloads').integer(1, 3),
    steps: rng.fork('steps').integer(0, 12),
    faultyMs,
    mix: lean.length > 0 ? leaningOn(rng.fork('mix'), lean) : drawMix(rng.fork('mix')),
    kubernetesMinor: rng.fork('minor').pick([24, 36, 36]),
    watchesQuiet: rng.fork('quiet').chance(0.2),
    comparesEnd: rng.fork('end').chance(0.2),
    web: web ?? rng.fork('web').chance(WEB_SHARE),
  }
}
