/** What a container asks for before it is stopped. Pure. */
import type { V1Pod } from '@kubernetes/client-node'

/** Where the Pod names none: the API server writes it into each. */
const GRACE_SECONDS = 30

/** `lifecycle.preStop.sleep`, as long as the Pod may take to go: a deletion without grace waits for nothing. */
export function preStopMsOf(pod: V1Pod, container: string): number {
  const { lifecycle } = pod.spec?.containers.find(({ name }) => name === container) ?? {}
  const { seconds = 0 } = lifecycle?.preStop?.sleep ?? {}
  return Math.max(0, Math.min(seconds, graceSeconds(pod))) * 1_000
}

const graceSeconds = ({ metadata, spec }: V1Pod): number =>
  metadata?.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? GRACE_SECONDS
