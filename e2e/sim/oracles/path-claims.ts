/** Where the modules that Pods claim answer on a base in truth, read from their jars and not from what the base tells. */
import type { V1Pod } from '@kubernetes/client-node'
import type { HostedBase } from '../bases/hosted-base.ts'
import { pathOf } from '../workload/sim-jars.ts'
import type { World } from '../world.ts'
import { claimsIn, isModule, liveClaims, type SeenClaim, workloadName } from './claims-seen.ts'

export interface PathClaim extends SeenClaim {
  readonly path: string
}

export const keyOf = ({ name, version }: Pick<SeenClaim, 'name' | 'version'>): string => `${name}:${version}`

const withPath = (claims: readonly SeenClaim[], { webServer }: Pick<HostedBase, 'webServer'>): readonly PathClaim[] =>
  claims.flatMap(claim => {
    const path = pathOf(claim, webServer)
    return path === undefined ? [] : [{ ...claim, path }]
  })

/** What one Pod claims of the base's web server. */
export const pathClaimsIn = (pod: V1Pod, base: Pick<HostedBase, 'webServer'>): readonly PathClaim[] =>
  isModule(pod) ? withPath(claimsIn(pod), base) : []

export interface PathQuarrels {
  /** Of one base. */
  readonly bizs: ReadonlySet<string>
  /** Names of workloads. */
  readonly workloads: readonly string[]
}

const NODE = (identity: string): string => `virtual-node-${identity}`

/** Modules of different names that want one path, or that of the base itself: who came first has it, and the others wait. */
export function pathQuarrelsOn(base: HostedBase, pods: readonly V1Pod[]): PathQuarrels {
  const claims = withPath([...liveClaims(pods, NODE(base.identity)).values()].flat(), base)
  const namesAt = (path: string): number => new Set(claims.flatMap(one => (one.path === path ? one.name : []))).size
  const quarrelling = claims.filter(({ path }) => path === '/' || namesAt(path) > 1)
  return {
    bizs: new Set(quarrelling.map(({ name }) => name)),
    workloads: quarrelling.map(({ pod }) => workloadName(pod)),
  }
}

/** Workloads that wait for a path on any base. */
export const waitingForPath = ({ bases }: Pick<World, 'bases'>, pods: readonly V1Pod[]): readonly string[] =>
  bases.flatMap(base => pathQuarrelsOn(base, pods).workloads)

/** Claims whose path is one of these modules' (by `name:version`): they wait for as long as it stays. */
export function waitingFor(
  owners: ReadonlySet<string>,
  base: HostedBase,
  pods: readonly V1Pod[],
): readonly SeenClaim[] {
  const origins = [...owners].flatMap(key => base.ledger.originOf(key) ?? [])
  const taken = new Set(origins.map(origin => pathOf(origin, base.webServer)))
  const claims = withPath([...liveClaims(pods, NODE(base.identity)).values()].flat(), base)
  return claims.filter(({ path }) => taken.has(path))
}
