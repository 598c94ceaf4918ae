/** Objects as the API server keeps them: plain JSON, never changed once committed, so that all may share them. */
export type JsonObject = { readonly [field: string]: unknown }

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

export interface ObjectMeta extends JsonObject {
  readonly name: string
  readonly namespace?: string
  readonly generateName?: string
  readonly uid: string
  readonly resourceVersion: string
  readonly generation?: number
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string
  readonly deletionGracePeriodSeconds?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
  readonly finalizers?: readonly string[]
}

export interface ApiObject extends JsonObject {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: JsonObject
  readonly status?: JsonObject
}

/** As a client sends it: of its metadata anything may be missing. */
export interface Draft extends JsonObject {
  readonly metadata?: Partial<ObjectMeta>
  readonly spec?: JsonObject
  readonly status?: JsonObject
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const keyOf = ({ namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>): string =>
  namespace === undefined ? name : `${namespace}/${name}`

/** As the API server stamps objects: whole seconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

/** By value; stops at the first difference. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => isSame(item, b[at]))
  if (!isObject(a) || !isObject(b)) return false
  const fields = Object.keys(a)
  return fields.length === Object.keys(b).length && fields.every(field => field in b && isSame(a[field], b[field]))
}
