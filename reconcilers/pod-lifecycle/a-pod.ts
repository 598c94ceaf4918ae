/** Builders for tests: a module Pod and what is needed to plan for it. */
import type { V1Container, V1EnvVar, V1OwnerReference, V1Pod, V1PodStatus } from '@kubernetes/client-node'
import type { BizReport, BizState } from '../../mqtt-bridge/index.ts'
import { type ClaimLookups, claimsOn, type NameClaims } from '../claims.ts'
import { BUILT_AT_MS } from '../registry/a-base.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { planName } from './module-plan.ts'
import type { Step } from './step.ts'

export interface PodDraft {
  readonly name?: string
  readonly uid?: string
  readonly createdAt?: string
  readonly deleting?: boolean
  readonly image?: string
  readonly version?: string
  readonly container?: string
  readonly env?: readonly V1EnvVar[]
  readonly args?: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly owner?: string
  readonly status?: V1PodStatus
  readonly containers?: readonly V1Container[]
  readonly spec?: Partial<NonNullable<V1Pod['spec']>>
}

export const jar = (name: string, version: string): string => `http://jars/${name}-${version}.jar`

export function aContainer(draft: PodDraft = {}): V1Container {
  const { container = 'biz1', version = '0.0.1' } = draft
  return {
    name: container,
    image: draft.image ?? jar(container, version),
    env: [{ name: 'BIZ_VERSION', value: version }, ...(draft.env ?? [])],
    ...(draft.args ? { args: [...draft.args] } : {}),
  }
}

const ownerOf = (name: string): V1OwnerReference => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name,
  uid: `uid-${name}`,
  controller: true,
})

const DELETING = { deletionTimestamp: '2026-01-01T01:00:00Z' as unknown as Date, deletionGracePeriodSeconds: 30 }

function metadataOf(draft: PodDraft): NonNullable<V1Pod['metadata']> {
  const { name = 'web', createdAt = '2026-01-01T00:00:00Z', annotations, labels } = draft
  return {
    namespace: 'default',
    name,
    uid: draft.uid ?? `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: createdAt as unknown as Date,
    ...(draft.deleting && DELETING),
    ...(annotations && { annotations }),
    ...(labels && { labels }),
    ...(draft.owner && { ownerReferences: [ownerOf(draft.owner)] }),
  }
}

/** biz1:0.0.1 from a URL, bound to the node of the base that `aBase()` makes. */
export function aPod(draft: PodDraft = {}): V1Pod {
  return {
    metadata: metadataOf(draft),
    spec: { nodeName: 'virtual-node-b1', containers: [...(draft.containers ?? [aContainer(draft)])], ...draft.spec },
    ...(draft.status && { status: draft.status }),
  }
}

/** Nothing is looked up: every reference is pending and no revision is known. */
export const noLookups: ClaimLookups = { value: () => ({ kind: 'pending' }), revision: () => undefined }

export function aBiz(key: string, state: BizState = 'activated', changedAtMs = 1_000): BizReport {
  const [name = '', version = ''] = key.split(':')
  return { name, version, state, changedAtMs, reason: state === 'activated' ? 'STARTED' : 'CREATED' }
}

export const claimsFor = (pods: readonly V1Pod[], bizName = 'biz1'): NameClaims =>
  claimsOn(pods, noLookups).get(bizName) ?? { bizName, groups: [], leaving: [], held: false }

export const planFor = (record: BaseRecord, pods: readonly V1Pod[], nowMs = BUILT_AT_MS): Step =>
  planName({ record, claims: claimsFor(pods), nowMs })
