/** How long a Pod is kept on a base that is not heard. Pure. */
import type { V1Pod, V1Toleration } from '@kubernetes/client-node'
import { stageOf } from './claims.ts'

const UNREACHABLE = 'node.kubernetes.io/unreachable'
const ADMISSION_SECONDS = 300
const ADMISSION_KEYS = ['node.kubernetes.io/not-ready', UNREACHABLE]

/** Exactly as admission writes them: a user who wrote the same cannot be told apart, one who wrote another number can. */
export const isAdmissions = (toleration: V1Toleration): boolean =>
  ADMISSION_KEYS.includes(toleration.key ?? '') &&
  toleration.operator === 'Exists' &&
  toleration.effect === 'NoExecute' &&
  toleration.value === undefined &&
  toleration.tolerationSeconds === ADMISSION_SECONDS

/** An empty key or effect stands for any; the taint has no value. */
const isOfUnreachable = ({ key = '', operator = 'Equal', value = '', effect = '' }: V1Toleration): boolean =>
  (effect === '' || effect === 'NoExecute') &&
  (key === UNREACHABLE ? operator === 'Exists' || value === '' : key === '' && operator === 'Exists')

/**
 * The time that its user asks for; 0: none. Tolerations without seconds do not count: DaemonSets write them into every Pod, and we
 * leave admission's behind, so that nothing on a dead base would ever go.
 */
export function toleratedMs({ spec }: V1Pod): number {
  const seconds = (spec?.tolerations ?? [])
    .filter(toleration => isOfUnreachable(toleration) && !isAdmissions(toleration))
    .flatMap(({ tolerationSeconds }) => tolerationSeconds ?? [])
  return seconds.length === 0 ? 0 : Math.max(0, Math.min(...seconds)) * 1_000
}

/** The longest that any Pod which is neither going nor over asks for. */
export const longestToleratedMs = (pods: readonly V1Pod[]): number =>
  Math.max(0, ...pods.filter(pod => stageOf(pod) === 'present').map(toleratedMs))
