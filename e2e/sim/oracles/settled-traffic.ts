/** The world at rest, as those see it who send requests to web modules. */
import type { V1Pod } from '@kubernetes/client-node'
import type { HostedBase } from '../bases/hosted-base.ts'
import { pathOf } from '../workload/sim-jars.ts'
import { liveClaims, type SeenClaim } from './claims-seen.ts'
import { keyOf, pathClaimsIn } from './path-claims.ts'
import type { TrueBase } from './settled.ts'

const isTrue = ({ status }: V1Pod, wanted: string): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === wanted && value === 'True') ?? false

/** Deactivated it serves all the same: its activation went to a trial, and does not come back when that goes (captures 215, 216). */
export function isServedByPath({ base, webServer = 'none' }: TrueBase, claim: SeenClaim, runs: string): boolean {
  const path = pathOf(claim, webServer)
  return path !== undefined && runs === `${keyOf(claim)} deactivated` && base.answersAt?.(path) === keyOf(claim)
}

/** Every Pod that is Ready is answered for by its own module; one that is superseded by whichever of that name. */
export function ofTraffic(base: HostedBase, pods: readonly V1Pod[]): readonly string[] {
  const claims = [...liveClaims(pods, `virtual-node-${base.identity}`).values()].flat()
  const ready = new Set(claims.map(({ pod }) => pod).filter(pod => isTrue(pod, 'Ready')))
  return [...ready].flatMap(pod =>
    pathClaimsIn(pod, base).flatMap(({ name, version, path }) => {
      const who = base.base.answersAt(path)
      const isRight = isTrue(pod, 'Superseded') ? who?.startsWith(`${name}:`) : who === `${name}:${version}`
      return isRight ? [] : [`Pod ${pod.metadata?.name} is Ready, and ${path} of ${base.identity} is ${who}'s`]
    }),
  )
}
