/** What users apply: module Pods, alone or by the template of a workload. */
import { LABEL, TAINT } from '../../../reconcilers/names.ts'
import { NAMESPACE } from './kubectl.ts'

export interface ModuleWish {
  readonly biz: string
  readonly version: string
  /** Another build of the same version. */
  readonly build?: string
  readonly args?: readonly string[]
  readonly restartedAt?: string
  /** The label that the Go peer's users write. */
  readonly olderLabel?: boolean
  readonly uninstallFirst?: boolean
  /** What is in its jar: see `sim-jars.ts`. */
  readonly words?: string
}

export const VERSIONS = ['1.0.0', '1.1.0', '2.0.0'] as const
export const BUILDS = ['a', 'b', 'c'] as const

export const jarUrl = ({ biz, version, build, words }: ModuleWish): string =>
  `http://jars.example/${words ? `~${words}/` : ''}${build ? `${build}/` : ''}${biz}-${version}.jar`

export function podTemplate(app: string, wishes: readonly ModuleWish[]): object {
  const [first] = wishes
  const component = first?.olderLabel ? LABEL.component : LABEL.componentOurs
  const annotations = {
    ...(first?.restartedAt !== undefined && { 'kubectl.kubernetes.io/restartedAt': first.restartedAt }),
    ...(first?.uninstallFirst && { 'module-controller.koupleless.io/replace': 'uninstall-first' }),
  }
  return {
    metadata: { labels: { app, [component]: 'module' }, annotations },
    spec: {
      nodeSelector: { [LABEL.type]: 'virtual-kubelet' },
      tolerations: [{ key: TAINT.virtualNode, operator: 'Exists', effect: 'NoExecute' }],
      containers: wishes.map(wish => ({
        name: wish.biz,
        image: jarUrl(wish),
        env: [{ name: 'BIZ_VERSION', value: wish.version }],
        ...(wish.args && wish.args.length > 0 && { args: wish.args }),
      })),
    },
  }
}

export function modulePod(name: string, wishes: readonly ModuleWish[], node?: string): object {
  const template = podTemplate(name, wishes) as { metadata: object; spec: object }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, name, namespace: NAMESPACE },
    spec: { ...template.spec, ...(node !== undefined && { nodeName: node }) },
  }
}

export type WorkloadKind = 'deployments' | 'daemonsets' | 'statefulsets'

const KIND: Readonly<Record<WorkloadKind, string>> = {
  deployments: 'Deployment',
  daemonsets: 'DaemonSet',
  statefulsets: 'StatefulSet',
}

export function workload(kind: WorkloadKind, name: string, wishes: readonly ModuleWish[], replicas: number): object {
  return {
    apiVersion: 'apps/v1',
    kind: KIND[kind],
    metadata: { name, namespace: NAMESPACE },
    spec: {
      ...(kind !== 'daemonsets' && { replicas }),
      ...(kind === 'statefulsets' && { serviceName: name }),
      selector: { matchLabels: { app: name } },
      template: podTemplate(name, wishes),
    },
  }
}
