/** What the API server showed of Pods, look by look: who claimed what, and for how long. Pure but for what it remembers. */
import type { V1Pod } from '@kubernetes/client-node'
import { claimsIn, isLive, isModule, liveClaims, newest } from '../sim/oracles/claims-seen.ts'

interface SeenPod {
  readonly pod: V1Pod
  readonly boundSinceMs: number
  readonly lastSeenMs: number
}

/** Longer than any fault of a round, so that nobody is blamed for what it could not know. */
const KNOWN_AFTER_MS = 40_000
const REMEMBERED_MS = 120_000

export interface Uninstall {
  readonly nodeName: string
  readonly name: string
  readonly version: string
  readonly atMs: number
}

const isBoundModule = (pod: V1Pod): boolean => pod.spec?.nodeName !== undefined && isModule(pod)

export class PodsSeen {
  readonly #pods = new Map<string, SeenPod>()
  #latest: readonly V1Pod[] = []
  lookedAtMs = 0

  look(pods: readonly V1Pod[], nowMs: number): void {
    this.#latest = pods
    this.lookedAtMs = nowMs
    for (const pod of pods.filter(isBoundModule)) {
      const uid = pod.metadata?.uid ?? ''
      this.#pods.set(uid, { pod, boundSinceMs: this.#pods.get(uid)?.boundSinceMs ?? nowMs, lastSeenMs: nowMs })
    }
    for (const [uid, { lastSeenMs }] of this.#pods) if (nowMs - lastSeenMs > REMEMBERED_MS) this.#pods.delete(uid)
  }

  /**
   * A live Pod claimed it for longer than any fault lasts, still does, and nobody wanted another version there meanwhile.
   * To be asked after a look that is younger than the command.
   */
  wasClaimed({ nodeName, name, version, atMs }: Uninstall): boolean {
    const wanted = newest(liveClaims(this.#latest, nodeName).get(name) ?? [])
    const isWanted = wanted.some(claim => {
      const since = this.#pods.get(claim.pod.metadata?.uid ?? '')?.boundSinceMs ?? Number.POSITIVE_INFINITY
      return claim.version === version && isLive(claim.pod) && atMs - since >= KNOWN_AFTER_MS
    })
    return isWanted && this.#versionsLately(nodeName, name, atMs).every(other => other === version)
  }

  #versionsLately(nodeName: string, name: string, atMs: number): readonly string[] {
    return [...this.#pods.values()]
      .filter(({ pod, lastSeenMs }) => pod.spec?.nodeName === nodeName && lastSeenMs >= atMs - KNOWN_AFTER_MS)
      .flatMap(({ pod }) => claimsIn(pod).filter(claim => claim.name === name))
      .map(claim => claim.version)
  }
}
