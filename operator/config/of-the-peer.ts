/** What a user of the Go controller may have set, and what of it has no effect here: each is told once, at start. Pure. */

export interface Warning {
  readonly variable: string
  readonly instead: string
}

type Environment = Readonly<Record<string, string | undefined>>

const NO_HTTP = 'bases are reached over MQTT only'
const NO_KUBELET_API = "kubectl logs of the base's own Pod"
const NO_PEER_REPLICAS = 'a DaemonSet, which runs one module on each base'
const NO_REPORTS = 'Events and metrics, with alerts of your own'
const NO_SHARES = 'nothing: replicas share the bases by themselves'

const INSTEAD: Readonly<Record<string, string>> = {
  ENABLE_HTTP_TUNNEL: NO_HTTP,
  HTTP_TUNNEL_LISTEN_PORT: NO_HTTP,
  KUBELET_PROXY_ENABLED: NO_KUBELET_API,
  KUBELET_PROXY_PORT: NO_KUBELET_API,
  ENABLE_MODULE_REPLICAS_SYNC_WITH_BASE: NO_PEER_REPLICAS,
  ENABLE_MODULE_DEPLOYMENT_CONTROLLER: NO_PEER_REPLICAS,
  REPORT_HOOKS: NO_REPORTS,
  TRACKER_CONFIG_PATH: NO_REPORTS,
  IS_CLUSTER: NO_SHARES,
  WORKLOAD_MAX_LEVEL: NO_SHARES,
  VNODE_WORKER_NUM: 'nothing: work is shared out by itself',
}

/** What is switched off has all the effect that was meant. */
export const withoutEffect = (env: Environment): readonly Warning[] =>
  Object.entries(INSTEAD)
    .filter(([variable]) => !['', 'false'].includes((env[variable] ?? '').toLowerCase()))
    .map(([variable, instead]) => ({ variable, instead }))

/** Whoever reads it as the namespace to be served means something else. */
export const otherNamespace = (
  { NAMESPACE: named }: Environment,
  { podNamespace }: { readonly podNamespace: string },
): readonly Warning[] =>
  !named || named === podNamespace
    ? []
    : [{ variable: 'NAMESPACE', instead: 'WATCH_NAMESPACES for what is served, POD_NAMESPACE for where we run' }]
