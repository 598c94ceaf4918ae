/** Whose are the Node and the Lease of the name that a base should have? Pure: nothing of others is touched. */
import type { V1Lease, V1Node } from '@kubernetes/client-node'
import { ANNOTATION, LABEL } from '../names.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { LEASE_COMPONENT } from './lease.ts'
import { providerId } from './node-object.ts'

export interface Objects {
  readonly record: BaseRecord
  readonly node: V1Node | undefined
  readonly lease: V1Lease | undefined
}

/** Undefined: they are ours, or not there. */
export function whoseElse({ record, node, lease }: Objects, env: string): string | undefined {
  const others = lease && whoseLease(lease, env)
  if (!node) return others
  return whoseNode(node, record, env, others === undefined ? lease : undefined) ?? others
}

function whoseNode(node: V1Node, record: BaseRecord, env: string, ourLease: V1Lease | undefined): string | undefined {
  const { labels = {}, annotations = {} } = node.metadata ?? {}
  const fault = labelFault(labels, env)
  if (fault !== undefined) return isStripped(labels, env) && isProven(node, record, ourLease) ? undefined : fault
  const identity = annotations[ANNOTATION.identity]
  return identity === undefined || identity === record.id
    ? undefined
    : `the Node of that name stands for base ${identity}`
}

type Labels = Readonly<Record<string, string>>

function labelFault({ [LABEL.component]: component, [LABEL.env]: nodeEnv }: Labels, env: string): string | undefined {
  if (component !== 'vnode') return 'the Node of that name is no virtual Node'
  return nodeEnv === env ? undefined : `the Node of that name belongs to env ${nodeEnv ?? '(none)'}`
}

/** It says nothing else either. */
const isStripped = ({ [LABEL.component]: component, [LABEL.env]: nodeEnv }: Labels, env: string): boolean =>
  isOrGone(component, 'vnode') && isOrGone(nodeEnv, env)

const isOrGone = (label: string | undefined, ours: string): boolean => label === undefined || label === ours

/** Somebody may have removed a label that says so: all else must then say it. Our Lease tells the env, and names the very Node. */
function isProven({ metadata, spec }: V1Node, record: BaseRecord, ourLease: V1Lease | undefined): boolean {
  const isNamed = ourLease?.metadata?.ownerReferences?.some(({ uid }) => uid === metadata?.uid) ?? false
  const isOfBase = metadata?.annotations?.[ANNOTATION.identity] === record.id && spec?.providerID === providerId(record)
  return isNamed && isOfBase
}

function whoseLease({ metadata }: V1Lease, env: string): string | undefined {
  const labels = metadata?.labels ?? {}
  const ours = labels[LABEL.component] === LEASE_COMPONENT && labels[LABEL.env] === env
  return ours ? undefined : 'the Lease of that name is not ours'
}
