/** Who claims what, read from the Pods in the plainest way there is: independent of the operator's own reading. */
import type { V1Pod } from '@kubernetes/client-node'

export interface SeenClaim {
  readonly pod: V1Pod
  readonly name: string
  readonly version: string
  readonly url: string
  readonly args: readonly string[]
  readonly restartedAt: string
  readonly createdAtMs: number
}

export const isLive = ({ metadata, status }: V1Pod): boolean =>
  !metadata?.deletionTimestamp && status?.phase !== 'Failed' && status?.phase !== 'Succeeded'

export const isModule = ({ metadata }: V1Pod): boolean =>
  Object.entries(metadata?.labels ?? {}).some(
    ([key, value]) => key.endsWith('koupleless.io/component') && value === 'module',
  )

export function claimsIn(pod: V1Pod): readonly SeenClaim[] {
  const { annotations = {}, creationTimestamp = 0 } = pod.metadata ?? {}
  const restartedAt = annotations['kubectl.kubernetes.io/restartedAt'] ?? ''
  const createdAtMs = new Date(creationTimestamp).getTime()
  return (pod.spec?.containers ?? []).map(({ name, image = '', env = [], args = [] }) => {
    const { value: version = '' } = env.find(entry => entry.name === 'BIZ_VERSION') ?? {}
    return { pod, name, version, url: image, args, restartedAt, createdAtMs }
  })
}

/** Live claims on one Node, by biz name, newest first. */
export function liveClaims(pods: readonly V1Pod[], node: string): ReadonlyMap<string, readonly SeenClaim[]> {
  const byName = new Map<string, SeenClaim[]>()
  for (const pod of pods) {
    if (pod.spec?.nodeName !== node || !isModule(pod) || !isLive(pod)) continue
    for (const claim of claimsIn(pod)) byName.set(claim.name, [...(byName.get(claim.name) ?? []), claim])
  }
  for (const claims of byName.values()) claims.sort((a, b) => b.createdAtMs - a.createdAtMs)
  return byName
}

/** Those that may be the winner: within one second the owner's revision decides, which is not looked up here. */
export const newest = (claims: readonly SeenClaim[]): readonly SeenClaim[] =>
  claims.filter(({ createdAtMs }) => createdAtMs === claims[0]?.createdAtMs)

/** Of one Deployment, StatefulSet or DaemonSet. */
export function workloadName({ metadata }: V1Pod): string {
  return metadata?.ownerReferences?.[0] ? (metadata.labels?.app ?? '') : (metadata?.uid ?? '')
}

/** What a module is installed from. */
export const asText = ({ url, args }: Pick<SeenClaim, 'url' | 'args'>): string => [url, ...args].join(' ')

export const wantsSame = (a: SeenClaim, b: SeenClaim): boolean =>
  a.version === b.version && asText(a) === asText(b) && a.restartedAt === b.restartedAt
