/** What a Node and its Lease tell of a base: how we know, after a restart, whom to ask. Pure. */
import type { V1Lease, V1Node } from '@kubernetes/client-node'
import { baseId, readAddress } from '../../mqtt-bridge/index.ts'
import { ANNOTATION, LABEL, nodeName } from '../names.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { newRecord } from '../registry/new-record.ts'
import { timeMs } from '../times.ts'
import { foreignOf, lookedAtMs, renewedAtMs } from './lease.ts'
import { ownMetaspaceOf } from './node-object.ts'
import { proofsOf } from './proofs-on-lease.ts'

export type Adopted =
  | { readonly kind: 'base'; readonly record: BaseRecord }
  /** Not a Node of ours, or one that does not say whose it is. */
  | { readonly kind: 'notOurs'; readonly why: string }

/** The base is `unproven`: it is asked, and judged only a full window after our own connect. */
export function adoptNode(node: V1Node, lease: V1Lease | undefined, env: string, nowMs: number): Adopted {
  const { labels = {}, annotations = {}, name = '', creationTimestamp } = node.metadata ?? {}
  const identity = annotations[ANNOTATION.identity] ?? ''
  const why = notOurs(labels, identity, env)
  if (why !== undefined) return { kind: 'notOurs', why }
  const blank = newRecord({ id: baseId(identity), nodeName: nodeName(name), metadata: metadataOf(labels), nowMs })
  const record: BaseRecord = {
    ...blank,
    nodeIs: 'ours',
    firstHeardAtMs: Math.min(timeMs(creationTimestamp) ?? nowMs, nowMs),
    reach: { state: 'unproven', sinceMs: nowMs, why: 'known from its Node, not heard since our start' },
    ...addressOf(node),
    ...ownOf(node),
    ...servedOf(lease),
    proofs: proofsOf(lease, nowMs),
    ...basePodOf(annotations[ANNOTATION.basePod]),
    basePodSettled: true,
  }
  return { kind: 'base', record }
}

interface Taken {
  readonly node: V1Node | undefined
  readonly lease: V1Lease
  readonly env: string
  readonly nowMs: number
}

/** The same of a base that we have only heard of until now, while another replica served it. */
export function adoptBase(
  { id, nodeName: name, metadata }: BaseRecord,
  { node, lease, env, nowMs }: Taken,
): BaseRecord {
  const why = 'taken over from another replica, not asked since'
  const reach = { state: 'unproven', sinceMs: nowMs, why } as const
  const adopted = node && adoptNode(node, lease, env, nowMs)
  if (adopted?.kind === 'base') return { ...adopted.record, reach }
  const blank = newRecord({ id, nodeName: name, metadata, nowMs })
  return { ...blank, ...servedOf(lease), proofs: proofsOf(lease, nowMs), reach, basePodSettled: true }
}

type Labels = Readonly<Record<string, string>>

function notOurs(labels: Labels, identity: string, env: string): string | undefined {
  if (labels[LABEL.component] !== 'vnode') return 'no virtual Node'
  if (labels[LABEL.env] !== env) return `of env ${labels[LABEL.env] ?? '(none)'}`
  return identity === '' ? 'does not say which base it stands for' : undefined
}

const metadataOf = (labels: Labels): BaseRecord['metadata'] => ({
  name: labels[LABEL.name] ?? '',
  version: labels[LABEL.version] ?? '',
  clusterName: labels[LABEL.clusterName] ?? '',
})

function addressOf({ status, metadata }: V1Node): Pick<BaseRecord, 'address'> {
  const address = (type: string): string => status?.addresses?.find(entry => entry.type === type)?.address ?? ''
  const ip = address('InternalIP')
  const hostName = address('Hostname')
  if (ip === '' && hostName === '') return {}
  const port = Number(metadata?.labels?.[LABEL.tunnelPort] ?? 0) || 0
  // An earlier version showed any address.
  return { address: { ...(ip !== '' && readAddress(ip)), hostName, port } }
}

function ownOf(node: V1Node): Pick<BaseRecord, 'metaspaceOwnBytes'> {
  const metaspaceOwnBytes = ownMetaspaceOf(node)
  return metaspaceOwnBytes ? { metaspaceOwnBytes } : {}
}

function servedOf(lease: V1Lease | undefined): Pick<BaseRecord, 'foreign' | 'servedUntilMs'> {
  const foreign = foreignOf(lease)
  // One that renewed it may have come and gone without a word of the base.
  const servedUntilMs = lookedAtMs(lease) ?? (lease && renewedAtMs(lease))
  return { ...(foreign && { foreign }), ...(servedUntilMs !== undefined && { servedUntilMs }) }
}

function basePodOf(text: string | undefined): Pick<BaseRecord, 'basePod'> {
  const [namespace, name, uid, ...rest] = (text ?? '').split('/')
  return namespace && name && uid && rest.length === 0 ? { basePod: { namespace, name, uid } } : {}
}
