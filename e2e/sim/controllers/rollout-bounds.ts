/** How many Pods there may be, and how many of them must be available, while a rollout is under way. */
import type { V1Deployment } from '@kubernetes/client-node'

type IntOrPercent = number | string | undefined

export const resolved = (value: IntOrPercent, of: number, round: (value: number) => number): number =>
  typeof value === 'string' && value.endsWith('%') ? round((Number.parseInt(value, 10) * of) / 100) : Number(value ?? 0)

export interface RolloutBounds {
  readonly maxTotal: number
  readonly minAvailable: number
}

export function bounds({ spec }: Pick<V1Deployment, 'spec'>): RolloutBounds {
  const replicas = spec?.replicas ?? 1
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec?.strategy?.rollingUpdate ?? {}
  const surge = resolved(maxSurge, replicas, Math.ceil)
  const unavailable = resolved(maxUnavailable, replicas, Math.floor)
  // With neither nothing would ever move.
  const spare = surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, replicas)
  return { maxTotal: replicas + surge, minAvailable: replicas - spare }
}
