/** What users write on a module Pod beside its spec: read, or what is wrong with it. Pure. */
import type { V1Pod } from '@kubernetes/client-node'
import { excerpt } from '../../mqtt-bridge/index.ts'
import { ANNOTATION } from '../names.ts'

const REPLACE_MODES = ['auto', 'prove-then-switch', 'uninstall-first'] as const
/** How a new version takes the place of the one that runs. */
export type ReplaceMode = (typeof REPLACE_MODES)[number]

const DRAIN_SECONDS_MAX = 3_600

const annotationOf = (pod: V1Pod, name: string): string | undefined => pod.metadata?.annotations?.[name]

export function replaceModeOf(pod: V1Pod): ReplaceMode {
  const value = annotationOf(pod, ANNOTATION.replace)
  return REPLACE_MODES.find(mode => mode === value) ?? 'auto'
}

const isDrainSeconds = (text: string): boolean => /^\d{1,4}$/.test(text) && Number(text) <= DRAIN_SECONDS_MAX

export function drainMsOf(pod: V1Pod): number {
  const text = annotationOf(pod, ANNOTATION.drainSeconds)
  return text !== undefined && isDrainSeconds(text) ? Number(text) * 1_000 : 0
}

/** Each container waits for the one before. */
export const isOrdered = (pod: V1Pod): boolean => annotationOf(pod, ANNOTATION.ordered) === 'true'

interface Rule {
  readonly name: string
  readonly isFit: (text: string) => boolean
  readonly takes: string
}

const isOneOf =
  (values: readonly string[]) =>
  (text: string): boolean =>
    values.includes(text)

const RULES: readonly Rule[] = [
  { name: ANNOTATION.replace, isFit: isOneOf(REPLACE_MODES), takes: REPLACE_MODES.join(', ') },
  { name: ANNOTATION.drainSeconds, isFit: isDrainSeconds, takes: `whole seconds from 0 to ${DRAIN_SECONDS_MAX}` },
  { name: ANNOTATION.ordered, isFit: isOneOf(['true', 'false']), takes: 'true, false' },
  { name: ANNOTATION.envAsArgs, isFit: isOneOf(['true', 'false']), takes: 'true, false' },
]

/** The first annotation whose value means nothing. */
export function annotationFault(pod: V1Pod): { readonly field: string; readonly why: string } | undefined {
  for (const { name, isFit, takes } of RULES) {
    const value = annotationOf(pod, name)
    if (value !== undefined && !isFit(value))
      return {
        field: `metadata.annotations[${name}]`,
        why: `is ${JSON.stringify(excerpt(value, 64))}: it takes ${takes}`,
      }
  }
  return undefined
}
