import type { V1Toleration } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { aPod } from './pod-lifecycle/a-pod.ts'
import { toleratedMs } from './tolerations.ts'

const unreachable = (tolerationSeconds?: number): V1Toleration => ({
  key: 'node.kubernetes.io/unreachable',
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds !== undefined && { tolerationSeconds }),
})

test.each<[string, readonly V1Toleration[], number]>([
  ['asks for an hour', [unreachable(3_600)], 3_600_000],
  ['asks for none', [], 0],
  ['has what admission wrote', [unreachable(300)], 0],
  ['has what we left of that, or what a DaemonSet wrote', [unreachable()], 0],
  ['has both, of which the user’s counts', [unreachable(), unreachable(600)], 600_000],
  ['asks twice, of which the shorter counts', [unreachable(3_600), unreachable(60)], 60_000],
  ['tolerates everything for a while', [{ operator: 'Exists', tolerationSeconds: 900 }], 900_000],
  ['asks for another taint', [{ key: 'other', operator: 'Exists', tolerationSeconds: 900 }], 0],
  ['is not to be scheduled there only', [{ ...unreachable(900), effect: 'NoSchedule' }], 0],
  ['asks to go at once', [unreachable(-1)], 0],
])('a Pod that %s', (_what, tolerations, ms) => {
  expect(toleratedMs(aPod({ spec: { tolerations: [...tolerations] } }))).toBe(ms)
})
