/** How many Pods there may be, and how many of them must be available, while a rollout is under way. */
import type { Deployment, IntOrPercent } from './cluster-objects.ts'

export const resolved = (value: IntOrPercent, of: number, round: (value: number) => number): number =>
  typeof value === 'string' ? round((Number.parseInt(value, 10) * of) / 100) : value

export interface RolloutBounds {
  readonly maxTotal: number
  readonly minAvailable: number
}

export function bounds({ spec }: Deployment): RolloutBounds {
  const { replicas, strategy } = spec
  const { maxSurge, maxUnavailable } = strategy.rollingUpdate ?? { maxSurge: 0, maxUnavailable: replicas }
  const surge = resolved(maxSurge, replicas, Math.ceil)
  const unavailable = resolved(maxUnavailable, replicas, Math.floor)
  // With neither nothing would ever move.
  const spare = surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, replicas)
  return { maxTotal: replicas + surge, minAvailable: replicas - spare }
}
