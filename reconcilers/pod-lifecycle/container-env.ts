import type { V1ConfigMapKeySelector, V1Container, V1EnvVar, V1Pod, V1SecretKeySelector } from '@kubernetes/client-node'

/** A value that is read once per Pod: it stands in another object, or in a field of the Pod that may change while it runs. */
export interface ValueRef {
  readonly kind: 'ConfigMap' | 'Secret' | 'Field'
  readonly namespace: string
  /** Of a field: its path. */
  readonly name: string
  readonly key: string
  /** Missing, it is left out for the Pod's life. */
  readonly optional: boolean
}
export const valueRefKey = (ref: ValueRef): string => `${ref.kind}/${ref.namespace}/${ref.name}/${ref.key}`

/** What is known of a referenced value: read, surely missing, not readable by us, or not asked yet. */
export type RefValue =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'pending' }

/** Values are kept per Pod: each reads its own once. */
export type ValueLookup = (ref: ValueRef, podUid: string) => RefValue

export type EnvResult =
  | { readonly ok: true; readonly values: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly why: string; readonly pending: boolean }

/** Never another while the Pod lives. */
const FIXED: ReadonlyMap<string, (pod: V1Pod) => string | undefined> = new Map<
  string,
  (pod: V1Pod) => string | undefined
>([
  ['metadata.name', pod => pod.metadata?.name],
  ['metadata.namespace', pod => pod.metadata?.namespace],
  ['metadata.uid', pod => pod.metadata?.uid],
  ['spec.nodeName', pod => pod.spec?.nodeName],
  ['spec.serviceAccountName', pod => pod.spec?.serviceAccountName ?? 'default'],
])
const ADDRESSES = ['status.podIP', 'status.hostIP']
/** `metadata.labels['x']` and `metadata.annotations['x']`, as the downward API spells them. */
const MAPPED = /^metadata\.(labels|annotations)\['([^']+)'\]$/

/** `constructor` is in every object, unless it is asked whether it is its own. */
const ownOf = (values: Readonly<Record<string, string>> | undefined, name: string): string | undefined =>
  values && Object.hasOwn(values, name) ? values[name] : undefined

/** A field that is read once: labels may be edited, and the status has no address before the module runs. */
export function readField(pod: V1Pod, path: string, ip: string | undefined): string | undefined {
  if (ADDRESSES.includes(path)) return ip
  const [, map, key = ''] = MAPPED.exec(path) ?? []
  return ownOf(map === 'labels' ? pod.metadata?.labels : pod.metadata?.annotations, key) ?? ''
}

const changes = (path: string): boolean => ADDRESSES.includes(path) || MAPPED.test(path)

function refOf(pod: V1Pod, { valueFrom }: V1EnvVar): ValueRef | undefined {
  const namespace = pod.metadata?.namespace ?? ''
  const path = valueFrom?.fieldRef?.fieldPath
  if (path !== undefined && changes(path)) return { kind: 'Field', namespace, name: path, key: '', optional: false }
  const { configMapKeyRef, secretKeyRef } = valueFrom ?? {}
  if (configMapKeyRef) return keyRef('ConfigMap', namespace, configMapKeyRef)
  return secretKeyRef && keyRef('Secret', namespace, secretKeyRef)
}

const keyRef = (
  kind: ValueRef['kind'],
  namespace: string,
  { name = '', key, optional = false }: V1ConfigMapKeySelector | V1SecretKeySelector,
): ValueRef => ({ kind, namespace, name, key, optional })

/** Every value of a Pod that must be read before its modules can be installed. */
export function refsOf(pod: V1Pod): readonly ValueRef[] {
  const entries = (pod.spec?.containers ?? []).flatMap(container => container.env ?? [])
  return entries.flatMap(entry => refOf(pod, entry) ?? [])
}

/** `$(NAME)` stands for an earlier value, `$$` for a dollar sign; an unknown name stays as it is, as in the kubelet. */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()\s]+)\))/g, (whole, _inner: string, name: string | undefined) =>
    name === undefined ? '$' : (ownOf(values, name) ?? whole),
  )
}

/** Defined, not assigned: an env named `__proto__` is an env. */
const define = (values: Record<string, string>, name: string, value: string): unknown =>
  Object.defineProperty(values, name, { value, enumerable: true, writable: true, configurable: true })

type Entry = { readonly value: string } | { readonly skip: true } | { readonly why: string; readonly pending: boolean }

const describe = ({ kind, namespace, name, key }: ValueRef): string =>
  kind === 'Field' ? `field ${name}` : `${kind} ${namespace}/${name}, key ${key}`

function refEntry(pod: V1Pod, entry: V1EnvVar, lookup: ValueLookup): Entry | undefined {
  const ref = refOf(pod, entry)
  if (!ref) return undefined
  const read = lookup(ref, pod.metadata?.uid ?? '')
  switch (read.kind) {
    case 'value':
      return { value: read.value }
    case 'missing':
      return ref.optional ? { skip: true } : { why: `env ${entry.name}: no ${describe(ref)}`, pending: false }
    case 'forbidden':
      return {
        why:
          `env ${entry.name}: may not read ${describe(ref)}; bind the ClusterRole module-values-reader ` +
          `to the controller's ServiceAccount by a RoleBinding in namespace ${ref.namespace}`,
        pending: false,
      }
    case 'pending':
      return { why: `env ${entry.name}: reading ${describe(ref)}`, pending: true }
  }
}

function readEntry(pod: V1Pod, entry: V1EnvVar, lookup: ValueLookup): Entry {
  if (!entry.valueFrom) return { value: entry.value ?? '' }
  const read = refEntry(pod, entry, lookup)
  if (read) return read
  const path = entry.valueFrom.fieldRef?.fieldPath
  const value = path === undefined ? undefined : FIXED.get(path)?.(pod)
  if (value !== undefined) return { value }
  const what = path === undefined ? 'this valueFrom is not supported by modules' : `field ${path} is not supported`
  return { why: `env ${entry.name}: ${what}`, pending: false }
}

/** The container's environment with every `valueFrom` resolved, or the first thing that stands against it. */
export function resolveEnv(pod: V1Pod, container: V1Container, lookup: ValueLookup): EnvResult {
  if ((container.envFrom ?? []).length > 0) {
    return { ok: false, why: 'envFrom is not supported by modules: name each value under env', pending: false }
  }
  const values: Record<string, string> = {}
  for (const entry of container.env ?? []) {
    const read = readEntry(pod, entry, lookup)
    if ('why' in read) return { ok: false, why: read.why, pending: read.pending }
    if ('value' in read) define(values, entry.name, entry.valueFrom ? read.value : expand(read.value, values))
  }
  return { ok: true, values }
}
