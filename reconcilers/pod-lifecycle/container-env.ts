import type { V1Container, V1EnvVar, V1Pod } from '@kubernetes/client-node'

/** A value that stands in another object. */
export interface ValueRef {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly namespace: string
  readonly name: string
  readonly key: string
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

const FIELDS: Readonly<Record<string, (pod: V1Pod) => string | undefined>> = {
  'metadata.name': pod => pod.metadata?.name,
  'metadata.namespace': pod => pod.metadata?.namespace,
  'metadata.uid': pod => pod.metadata?.uid,
  'spec.nodeName': pod => pod.spec?.nodeName,
  'spec.serviceAccountName': pod => pod.spec?.serviceAccountName ?? 'default',
  'status.podIP': pod => pod.status?.podIP ?? '',
  'status.hostIP': pod => pod.status?.hostIP ?? '',
}

/** `metadata.labels['x']` and `metadata.annotations['x']`, as the downward API spells them. */
function mappedField(pod: V1Pod, path: string): string | undefined {
  const found = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path)
  if (!found?.[1] || !found[2]) return undefined
  const map = found[1] === 'labels' ? pod.metadata?.labels : pod.metadata?.annotations
  return map?.[found[2]] ?? ''
}

function refOf(pod: V1Pod, entry: V1EnvVar): { readonly ref: ValueRef; readonly optional: boolean } | undefined {
  const from = entry.valueFrom
  const namespace = pod.metadata?.namespace ?? ''
  const selector = from?.configMapKeyRef ?? from?.secretKeyRef
  if (!selector) return undefined
  const kind = from?.configMapKeyRef ? 'ConfigMap' : 'Secret'
  return {
    ref: { kind, namespace, name: selector.name ?? '', key: selector.key },
    optional: selector.optional === true,
  }
}

/** Every value of a Pod that must be read from the API before its modules can be installed. */
export function refsOf(pod: V1Pod): readonly ValueRef[] {
  const entries = (pod.spec?.containers ?? []).flatMap(container => container.env ?? [])
  return entries.flatMap(entry => refOf(pod, entry)?.ref ?? [])
}

/** `$(NAME)` stands for an earlier value, `$$` for a dollar sign; an unknown name stays as it is, as in the kubelet. */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()\s]+)\))/g, (whole, _inner: string, name: string | undefined) =>
    name === undefined ? '$' : (values[name] ?? whole),
  )
}

type Entry = { readonly value: string } | { readonly skip: true } | { readonly why: string; readonly pending: boolean }

const describe = (ref: ValueRef): string => `${ref.kind} ${ref.namespace}/${ref.name}, key ${ref.key}`

function refEntry(pod: V1Pod, entry: V1EnvVar, lookup: ValueLookup): Entry | undefined {
  const found = refOf(pod, entry)
  if (!found) return undefined
  const read = lookup(found.ref, pod.metadata?.uid ?? '')
  switch (read.kind) {
    case 'value':
      return { value: read.value }
    case 'missing':
      return found.optional ? { skip: true } : { why: `env ${entry.name}: no ${describe(found.ref)}`, pending: false }
    case 'forbidden':
      return {
        why:
          `env ${entry.name}: may not read ${describe(found.ref)}; bind the ClusterRole module-values-reader ` +
          `to the controller's ServiceAccount by a RoleBinding in namespace ${found.ref.namespace}`,
        pending: false,
      }
    case 'pending':
      return { why: `env ${entry.name}: reading ${describe(found.ref)}`, pending: true }
  }
}

function readEntry(pod: V1Pod, entry: V1EnvVar, lookup: ValueLookup): Entry {
  if (!entry.valueFrom) return { value: entry.value ?? '' }
  const path = entry.valueFrom.fieldRef?.fieldPath
  if (path !== undefined) {
    const value = FIELDS[path]?.(pod) ?? mappedField(pod, path)
    return value === undefined
      ? { why: `env ${entry.name}: field ${path} is not supported`, pending: false }
      : { value }
  }
  return (
    refEntry(pod, entry, lookup) ?? {
      why: `env ${entry.name}: this valueFrom is not supported by modules`,
      pending: false,
    }
  )
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
    if ('value' in read) values[entry.name] = entry.valueFrom ? read.value : expand(read.value, values)
  }
  return { ok: true, values }
}
