import type { SeededRng } from '../rng.ts'
import type { Stage } from '../stage.ts'

/** Says what it did; undefined: there was nothing to strike. What it began it also ends, unless healing does. */
export type Strike = (stage: Stage, rng: SeededRng) => string | undefined
