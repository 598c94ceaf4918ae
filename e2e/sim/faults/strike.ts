import type { SeededRng } from '../rng.ts'
import type { Stage } from '../stage.ts'

/** What a fault may touch. */
export type Struck = Pick<
  Stage,
  'world' | 'operator' | 'workload' | 'crashes' | 'basesSoFar' | 'nextIp' | 'addBase' | 'addTwin' | 'biz'
>

/** Says what it did; undefined: there was nothing to strike. What it began it also ends, unless healing does. */
export type Strike = (stage: Struck, rng: SeededRng) => string | undefined
