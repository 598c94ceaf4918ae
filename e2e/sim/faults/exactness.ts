/** Faults by which a base may be brought a command that nobody just sent. */
import type { FaultKind } from './mix.ts'

export const INEXACT: readonly FaultKind[] = [
  'frameDoubled',
  'frameDelayed',
  'frameReordered',
  'peerRetained',
  'identityShared',
]
