/** Faults by which a base may be brought a command that nobody just sent. */
import type { FaultKind } from './mix.ts'

export const INEXACT: readonly FaultKind[] = [
  'frameDoubled',
  'frameDelayed',
  'frameReordered',
  'peerRetained',
  'identityShared',
]

/** Faults after which users have to try again: a build was broken until it was built anew. */
export const BREAKS_BUILDS: readonly FaultKind[] = ['buildBroken', 'podEdited']

/** Faults by which a base that lives leaves a question unanswered. */
export const UNANSWERING: readonly FaultKind[] = [
  ...INEXACT,
  'frameLost',
  'frameTruncated',
  'answerInPart',
  'ackLost',
  'brokerRestart',
  'baseLinkCut',
  'baseRestart',
  'baseKilled',
  'baseDeaf',
  'basePaused',
  'baseDropsOff',
  'allDropOff',
  'addressReused',
  'downloadHangs',
]
