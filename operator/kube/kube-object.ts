import type { KubernetesObject } from '@kubernetes/client-node'

/** Times are text here, as JSON brings them: the generated types call them Dates. */
export type KubeObject = KubernetesObject

export interface KubeList<T> {
  readonly items?: readonly T[] | null
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
}

/** `namespace/name`; `/name` for what has no namespace. */
export const keyOfObject = ({ metadata }: KubeObject): string => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`

export function query(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return given.length > 0 ? `?${given.join('&')}` : ''
}
