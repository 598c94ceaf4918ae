/** What the journeys apply: objects as a user would write them, in JSON (kubectl takes either). */
export interface ModuleDraft {
  readonly name: string
  readonly namespace: string
  /** Selects the bases by their `base.koupleless.io/name`. */
  readonly base: string
  readonly baseVersion?: string
  readonly bizName?: string
  readonly version?: string
  readonly image?: string
  readonly replicas?: number
  readonly annotations?: Readonly<Record<string, string>>
  readonly containers?: readonly object[]
  readonly spec?: object
  readonly strategy?: object
}

export const jarUrl = (bizName: string, version: string): string => `http://jars.example.com/${bizName}-${version}.jar`

export function container({ bizName = 'biz1', version = '0.0.1', image }: Partial<ModuleDraft>): object {
  return { name: bizName, image: image ?? jarUrl(bizName, version), env: [{ name: 'BIZ_VERSION', value: version }] }
}

const VIRTUAL_NODE = {
  key: 'schedule.koupleless.io/virtual-node',
  operator: 'Equal',
  value: 'True',
  effect: 'NoExecute',
}

function template(draft: ModuleDraft): { readonly metadata: object; readonly spec: object } {
  const nodeSelector = {
    'base.koupleless.io/name': draft.base,
    ...(draft.baseVersion ? { 'base.koupleless.io/version': draft.baseVersion } : {}),
  }
  return {
    metadata: {
      labels: { app: draft.name, 'module-controller.koupleless.io/component': 'module' },
      ...(draft.annotations ? { annotations: draft.annotations } : {}),
    },
    spec: {
      containers: draft.containers ?? [container(draft)],
      nodeSelector,
      tolerations: [VIRTUAL_NODE],
      ...draft.spec,
    },
  }
}

const workload = (kind: string, draft: ModuleDraft, spec: object): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: draft.name, namespace: draft.namespace },
  spec: { selector: { matchLabels: { app: draft.name } }, template: template(draft), ...spec },
})

/** For a `spec`: no two Pods of one release on one base. */
export const spreadOverBases = (app: string): object => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app } },
      matchLabelKeys: ['pod-template-hash'],
    },
  ],
})

export const deployment = (draft: ModuleDraft): object =>
  workload('Deployment', draft, {
    replicas: draft.replicas ?? 1,
    ...(draft.strategy ? { strategy: draft.strategy } : {}),
  })

export const statefulSet = (draft: ModuleDraft): object =>
  workload('StatefulSet', draft, { replicas: draft.replicas ?? 1, serviceName: draft.name })

export const daemonSet = (draft: ModuleDraft): object =>
  workload('DaemonSet', draft, draft.strategy ? { updateStrategy: draft.strategy } : {})

export function pod(draft: ModuleDraft): object {
  const { metadata, spec } = template(draft)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: draft.name, namespace: draft.namespace },
    spec,
  }
}

export const service = ({ name, namespace }: Pick<ModuleDraft, 'name' | 'namespace'>): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
})
