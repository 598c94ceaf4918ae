/** What the Node of a base should look like. Pure: DESIGN's table "Node of a base" in code. */
import { isIP } from 'node:net'
import type { V1Node, V1NodeAddress, V1NodeCondition, V1NodeSystemInfo, V1Taint } from '@kubernetes/client-node'
import { ANNOTATION, LABEL, TAINT } from '../names.ts'
import { baseLabels, knownLabels, labelValue } from '../node-identity.ts'
import type { BaseRecord } from '../registry/base-record.ts'
import { bytesQuantity, quantityBytes } from './quantity.ts'
import type { NodeLeaseSettings } from './settings.ts'

export const TOPOLOGY_LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'] as const
export const ARCH_LABEL = 'kubernetes.io/arch'
/** Labels that leave the Node with the fact they tell. */
export const VOLATILE_LABELS = [LABEL.ip, LABEL.hostName, LABEL.tunnelPort] as const
const OUR_TAINTS: readonly string[] = Object.values(TAINT)
/** The JVM commits metaspace in steps: finer than this it is noise. */
export const OWN_METASPACE_STEP_BYTES = 4 * 1024 ** 2

export type Labels = Readonly<Record<string, string>>

export interface ObjectFacts {
  readonly record: BaseRecord
  readonly settings: NodeLeaseSettings
  /** Zone, region and architecture of the real Node that the base's own Pod runs on, where that is known. */
  readonly topology: Labels | undefined
}

export function nodeLabels({ record, settings, topology }: ObjectFacts): Labels {
  return knownLabels({
    [LABEL.component]: 'vnode',
    [LABEL.env]: settings.env,
    [LABEL.stack]: 'java',
    ...baseLabels(record),
    [LABEL.tunnel]: record.tunnel,
    [LABEL.type]: 'virtual-kubelet',
    // Spreading and anti-affinity stand on it: two bases of one machine are two places all the same.
    'kubernetes.io/hostname': record.nodeName,
    'kubernetes.io/os': 'linux',
    [ARCH_LABEL]: topology?.[ARCH_LABEL] ?? settings.architecture,
    'kubernetes.io/role': 'agent',
    'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
    ...Object.fromEntries(TOPOLOGY_LABELS.map(key => [key, topology?.[key]])),
  })
}

export const basePodText = ({ namespace, name, uid }: NonNullable<BaseRecord['basePod']>): string =>
  `${namespace}/${name}/${uid}`

export function nodeAnnotations({ id, basePod }: BaseRecord): Labels {
  return { [ANNOTATION.identity]: id, ...(basePod && { [ANNOTATION.basePod]: basePodText(basePod) }) }
}

/** Taints of others stay, in their places. */
export function nodeTaints(before: readonly V1Taint[], record: BaseRecord, settings: NodeLeaseSettings): V1Taint[] {
  const ours: V1Taint[] = [
    { key: TAINT.virtualNode, value: 'True', effect: 'NoExecute' },
    ...(settings.nodeEnvTaint ? [{ key: TAINT.nodeEnv, value: labelValue(settings.env), effect: 'NoExecute' }] : []),
    ...(record.noCommands ? [{ key: TAINT.noCommands, effect: 'NoSchedule' }] : []),
  ]
  return [...before.filter(({ key }) => !OUR_TAINTS.includes(key)), ...ours]
}

/** What a base calls its address is believed only where it is one. */
export function nodeAddresses({ address }: BaseRecord): V1NodeAddress[] {
  const ip = address?.ip ?? ''
  const hostName = address?.hostName ?? ''
  return [
    ...(isIP(ip) ? [{ type: 'InternalIP', address: ip }] : []),
    ...(hostName === '' ? [] : [{ type: 'Hostname', address: hostName }]),
  ]
}

export interface Capacity {
  readonly capacity: Labels
  readonly allocatable: Labels
}

/** Before the first health answer the defaults stand in. */
export function nodeCapacity(record: BaseRecord, settings: NodeLeaseSettings): Capacity {
  const { processors, metaspaceMaxBytes } = record.health ?? {}
  const maxBytes = metaspaceMaxBytes ?? settings.metaspaceDefaultBytes
  const step = OWN_METASPACE_STEP_BYTES
  const ownBytes = Math.ceil((record.metaspaceOwnBytes ?? 0) / step) * step
  const rest = { pods: String(settings.podsMax), cpu: String(processors ?? settings.processorsDefault) }
  return {
    capacity: { ...rest, memory: bytesQuantity(maxBytes) },
    allocatable: { ...rest, memory: bytesQuantity(maxBytes - ownBytes) },
  }
}

/** What the base had committed for itself, read back from its Node. */
export function ownMetaspaceOf(node: V1Node): number | undefined {
  const max = quantityBytes(node.status?.capacity?.memory)
  const rest = quantityBytes(node.status?.allocatable?.memory)
  return max === undefined || rest === undefined ? undefined : max - rest
}

export function nodeInfo({ health }: BaseRecord, settings: NodeLeaseSettings, topology?: Labels): V1NodeSystemInfo {
  return {
    architecture: topology?.[ARCH_LABEL] ?? settings.architecture,
    bootID: '',
    containerRuntimeVersion: `ark://${health?.javaVersion ?? 'unknown'}`,
    kernelVersion: '',
    kubeProxyVersion: '',
    kubeletVersion: settings.kubeletVersion,
    machineID: '',
    operatingSystem: 'linux',
    osImage: 'JVM',
    systemUUID: '',
  }
}

export const providerId = ({ id }: BaseRecord): string => `koupleless://${id}`

/** The whole Node in one POST, Ready from its first moment. */
export function newNode(facts: ObjectFacts, conditions: readonly V1NodeCondition[]): V1Node {
  const { record, settings, topology } = facts
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: record.nodeName,
      labels: { ...nodeLabels(facts) },
      annotations: { ...nodeAnnotations(record) },
    },
    spec: { providerID: providerId(record), taints: nodeTaints([], record, settings) },
    status: {
      addresses: nodeAddresses(record),
      ...nodeCapacity(record, settings),
      conditions: [...conditions],
      nodeInfo: nodeInfo(record, settings, topology),
    } as NonNullable<V1Node['status']>,
  }
}
