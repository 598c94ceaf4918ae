/** What controllers ask of a Pod. */
import type { V1OwnerReference, V1Pod, V1PodTemplateSpec } from '@kubernetes/client-node'
import type { SimApiServer } from '../api/sim-api-server.ts'

interface Owned {
  readonly metadata?: { readonly ownerReferences?: readonly V1OwnerReference[] }
}

export interface Owner {
  readonly kind?: string
  readonly apiVersion?: string
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly uid?: string }
}

export const controllerOf = ({ metadata }: Owned): V1OwnerReference | undefined =>
  metadata?.ownerReferences?.find(({ controller }) => controller)

/** The key of the owner of that kind, as what wakes its controller. */
export function ownerKeys(kind: string, object: unknown): readonly string[] {
  const owned = object as Owned & { readonly metadata?: { readonly namespace?: string } }
  const owner = controllerOf(owned)
  return owner?.kind === kind ? [`${owned.metadata?.namespace ?? ''}/${owner.name}`] : []
}

export const keyOfNamed = (object: unknown): string => {
  const { metadata } = object as Owner
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}

export const splitKey = (key: string): readonly [string, string] => {
  const slash = key.indexOf('/')
  return [key.slice(0, slash), key.slice(slash + 1)]
}

export const podsOf = (server: SimApiServer, owner: Owner): readonly V1Pod[] =>
  server.list<V1Pod>('pods').filter(pod => controllerOf(pod)?.uid === owner.metadata?.uid)

export const isTerminal = ({ status }: V1Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded'

/** Counts for its controller: neither ended nor on its way out. */
export const isActive = (pod: V1Pod): boolean => !isTerminal(pod) && pod.metadata?.deletionTimestamp === undefined

export const conditionOf = (pod: V1Pod, type: string) => pod.status?.conditions?.find(each => each.type === type)

export const isReady = (pod: V1Pod): boolean => conditionOf(pod, 'Ready')?.status === 'True'

const timeMs = (time: Date | string | undefined): number => (time === undefined ? 0 : new Date(time).getTime())

/** In how many ms a Pod has been ready for long enough; 0: it has. Undefined: it is not ready. */
export function availableInMs(pod: V1Pod, minReadySeconds: number, nowMs: number): number | undefined {
  if (!isReady(pod)) return undefined
  if (minReadySeconds === 0) return 0
  const sinceMs = timeMs(conditionOf(pod, 'Ready')?.lastTransitionTime)
  return Math.max(0, sinceMs + minReadySeconds * 1_000 - nowMs)
}

export const createdAtMs = ({ metadata }: V1Pod): number => timeMs(metadata?.creationTimestamp)

export const ownerReference = ({ kind, apiVersion, metadata }: Owner): object => ({
  apiVersion,
  kind,
  name: metadata?.name,
  uid: metadata?.uid,
  controller: true,
  blockOwnerDeletion: true,
})

export function podFromTemplate(owner: Owner, template: V1PodTemplateSpec | undefined, name: object): object {
  const { labels, annotations, finalizers } = template?.metadata ?? {}
  const given = { ...(labels && { labels }), ...(annotations && { annotations }), ...(finalizers && { finalizers }) }
  const metadata = { ...name, ...given, ownerReferences: [ownerReference(owner)] }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: template?.spec }
}
