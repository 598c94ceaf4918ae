/** Which faults a run has, and how hard: drawn first, so that each run leans on some of them and is free of others. */
import type { SeededRng } from '../rng.ts'

/** Per message or request: a probability. Per hour: how often it happens on average. */
interface FaultRange {
  readonly per: 'message' | 'request' | 'hour'
  readonly min: number
  readonly max: number
}

const range = (per: FaultRange['per'], min: number, max: number): FaultRange => ({ per, min, max })

export const FAULTS = {
  frameLost: range('message', 0.005, 0.2),
  frameDoubled: range('message', 0.01, 0.2),
  frameReordered: range('message', 0.01, 0.2),
  /** By seconds up to three minutes. */
  frameDelayed: range('message', 0.002, 0.05),
  frameTruncated: range('message', 0.002, 0.05),
  /** Health without some of its parts. */
  answerInPart: range('message', 0.02, 0.5),
  ackLost: range('message', 0.01, 0.2),
  brokerRestart: range('hour', 1, 8),
  operatorLinkCut: range('hour', 1, 12),
  operatorBlackHole: range('hour', 0.5, 4),
  baseLinkCut: range('hour', 1, 12),
  peerRetained: range('hour', 1, 6),

  apiConflict: range('request', 0.01, 0.2),
  apiThrottled: range('request', 0.01, 0.2),
  apiFailed: range('request', 0.01, 0.2),
  apiRequestLost: range('request', 0.005, 0.1),
  /** It was carried out, and nobody tells us. */
  apiAnswerLost: range('request', 0.005, 0.15),
  apiSlow: range('request', 0.01, 0.2),
  apiOutage: range('hour', 0.5, 4),
  /** A second API server, behind by up to a minute, answers lists that take any version. */
  listLag: range('request', 0.1, 0.8),
  /** Lists come in pages of one to three objects; a further page comes too late. */
  listPaged: range('request', 0.2, 0.9),
  listExpires: range('request', 0.02, 0.3),
  watchCut: range('hour', 4, 60),
  watchLag: range('request', 0.1, 0.8),
  watchTooOld: range('hour', 2, 20),

  baseRestart: range('hour', 1, 12),
  baseKilled: range('hour', 0.5, 4),
  baseDeaf: range('hour', 0.5, 4),
  basePaused: range('hour', 0.5, 6),
  heartStops: range('hour', 0.5, 6),
  /** Off the network for up to two minutes. */
  baseDropsOff: range('hour', 1, 8),
  allDropOff: range('hour', 0.3, 2),
  clockJumps: range('hour', 0.5, 6),
  addressReused: range('hour', 0.5, 4),
  identityShared: range('hour', 0.3, 2),
  slowInstalls: range('hour', 1, 8),
  jarBroken: range('hour', 1, 8),
  downloadHangs: range('hour', 0.5, 4),
  /** Until it is built anew, when the world is healed, and users restart what they run. */
  buildBroken: range('hour', 2, 16),

  podForceDeleted: range('hour', 1, 12),
  podDeleted: range('hour', 1, 12),
  podRecreated: range('hour', 1, 8),
  podFinalized: range('hour', 1, 6),
  /** In place: another build of the same version. */
  podEdited: range('hour', 2, 16),
  /** While no operator runs a workload and all its Pods are deleted by force. */
  workloadForced: range('hour', 1, 8),
  nodeDeleted: range('hour', 0.5, 4),
  nodeCordoned: range('hour', 0.5, 4),
  nodeTainted: range('hour', 0.5, 4),

  operatorCrash: range('hour', 1, 12),
  operatorCrashAtEffect: range('hour', 2, 30),
  operatorRestart: range('hour', 0.5, 6),
  operatorPaused: range('hour', 0.5, 6),
} as const satisfies Readonly<Record<string, FaultRange>>

export type FaultKind = keyof typeof FAULTS
export const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[]

/** A kind that is absent is off. */
export type FaultMix = { readonly [Kind in FaultKind]?: number }

/** How much more often than their range says faults come that happen at a time: in half of the runs each kind strikes again and again. */
const STORMS = [1, 1, 4, 12] as const
const HARD = [4, 12, 30] as const

/** Nothing but these, as hard as they come: for a planted fault that shows under few others. */
export function leaningOn(rng: SeededRng, kinds: readonly FaultKind[]): FaultMix {
  const storm = rng.fork('storm').pick(HARD)
  return Object.fromEntries(
    kinds.map(kind => {
      const { per, min, max } = FAULTS[kind]
      return [kind, rng.fork(kind).between(min, max) * (per === 'hour' ? storm : 1)]
    }),
  )
}

/** Played by seeds that lean on them: beside all others they find again what docs/reliability.md names under Known. */
const LEANED_ON_ONLY: ReadonlySet<FaultKind> = new Set(['listPaged', 'listExpires'])

/** A third of the runs have few faults, and hard ones; another third nearly all of them. */
export function drawMix(rng: SeededRng): FaultMix {
  const share = rng.pick([0.08, 0.2, 0.5])
  const storm = rng.fork('storm').pick(STORMS)
  const drawn = FAULT_KINDS.filter(kind => !LEANED_ON_ONLY.has(kind)).flatMap(
    (kind): readonly (readonly [FaultKind, number])[] => {
      const own = rng.fork(kind)
      const { per, min, max } = FAULTS[kind]
      if (!own.chance(share)) return []
      return [[kind, own.skewed(min, max) * (per === 'hour' ? storm : 1)]]
    },
  )
  return Object.fromEntries(drawn)
}
