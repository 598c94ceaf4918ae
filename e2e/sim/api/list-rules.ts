/** How a strategic merge patch treats the lists of each kind: patchStrategy and patchMergeKey of k8s.io/api v0.36.3. */

/** `primitives`: a set of texts. What has no rule is replaced whole: tolerations, taints, readinessGates, args, statuses. */
export type ListRule = { readonly mergeKey: string } | 'primitives'

const by = (mergeKey: string): ListRule => ({ mergeKey })

const META: Readonly<Record<string, ListRule>> = {
  'metadata.ownerReferences': by('uid'),
  'metadata.finalizers': 'primitives',
}

const CONTAINER = {
  ports: by('containerPort'),
  env: by('name'),
  volumeMounts: by('mountPath'),
  volumeDevices: by('devicePath'),
}

function podSpec(prefix: string): Readonly<Record<string, ListRule>> {
  const rules: Record<string, ListRule> = {
    [`${prefix}.volumes`]: by('name'),
    [`${prefix}.imagePullSecrets`]: by('name'),
    [`${prefix}.hostAliases`]: by('ip'),
    [`${prefix}.topologySpreadConstraints`]: by('topologyKey'),
    [`${prefix}.schedulingGates`]: by('name'),
  }
  for (const containers of ['containers', 'initContainers', 'ephemeralContainers']) {
    rules[`${prefix}.${containers}`] = by('name')
    for (const [list, rule] of Object.entries(CONTAINER)) rules[`${prefix}.${containers}.${list}`] = rule
  }
  return rules
}

const TEMPLATE: Readonly<Record<string, ListRule>> = {
  'spec.template.metadata.ownerReferences': by('uid'),
  'spec.template.metadata.finalizers': 'primitives',
  ...podSpec('spec.template.spec'),
}
const CONDITIONS: Readonly<Record<string, ListRule>> = { 'status.conditions': by('type') }

const RULES: Readonly<Record<string, Readonly<Record<string, ListRule>>>> = {
  Pod: { ...META, ...podSpec('spec'), ...CONDITIONS, 'status.podIPs': by('ip'), 'status.hostIPs': by('ip') },
  Node: { ...META, ...CONDITIONS, 'spec.podCIDRs': 'primitives', 'status.addresses': by('type') },
  Namespace: { ...META, ...CONDITIONS },
  Service: { ...META, ...CONDITIONS, 'spec.ports': by('port') },
  ServiceAccount: { ...META, secrets: by('name') },
  Deployment: { ...META, ...TEMPLATE, ...CONDITIONS },
  ReplicaSet: { ...META, ...TEMPLATE, ...CONDITIONS },
  DaemonSet: { ...META, ...TEMPLATE, ...CONDITIONS },
  StatefulSet: { ...META, ...TEMPLATE, ...CONDITIONS },
}

/** By the path of the list: `spec.containers.env`. */
export const listRulesOf = (kind: string): Readonly<Record<string, ListRule>> => RULES[kind] ?? META
