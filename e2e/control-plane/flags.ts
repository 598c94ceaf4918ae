/** Command lines of the control plane's processes: the defaults of Kubernetes, on loopback, with room for a benchmark. */
export interface Layout {
  readonly version: string
  readonly folder: string
  readonly ports: {
    readonly etcd: number
    readonly etcdPeer: number
    readonly api: number
    readonly controllers: number
    readonly scheduler: number
  }
  readonly audit: Audit | undefined
  readonly flags: ExtraFlags
}

export interface Audit {
  readonly file: string
  /** Only what these ask for; else everybody. */
  readonly users?: readonly string[]
  /** Instead of that: which requests, and what of them. */
  readonly policy?: string
}

export interface ExtraFlags {
  readonly apiServer?: readonly string[]
  readonly controllerManager?: readonly string[]
  readonly scheduler?: readonly string[]
}

const ownCertificate = (folder: string): readonly string[] => [
  `--tls-cert-file=${folder}/server.crt`,
  `--tls-private-key-file=${folder}/server.key`,
]

export function etcdFlags({ folder, ports }: Layout): readonly string[] {
  const client = `http://127.0.0.1:${ports.etcd}`
  const peer = `http://127.0.0.1:${ports.etcdPeer}`
  return [
    '--name=e2e',
    `--data-dir=${folder}/etcd`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=e2e=${peer}`,
    '--unsafe-no-fsync=true', // the data live no longer than the test
    '--quota-backend-bytes=4294967296', // a benchmark's history of 5 minutes, before it is compacted
    '--log-level=warn',
  ]
}

export function apiServerFlags({ folder, ports, audit, flags }: Layout): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none', // a loopback address is no endpoint
    `--secure-port=${ports.api}`,
    ...ownCertificate(folder),
    `--client-ca-file=${folder}/ca.crt`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${folder}/service-accounts.pub`,
    `--service-account-signing-key-file=${folder}/service-accounts.key`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--max-requests-inflight=3000',
    '--max-mutating-requests-inflight=1500',
    ...(audit
      ? [
          `--audit-policy-file=${folder}/audit-policy.json`,
          `--audit-log-path=${audit.file}`,
          '--audit-log-maxsize=4096', // MiB: one file, whatever is asked
        ]
      : []),
    ...(flags.apiServer ?? []),
  ]
}

export function controllerManagerFlags({ folder, ports, flags }: Layout): readonly string[] {
  const kubeconfig = `${folder}/controllers.kubeconfig`
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.controllers}`,
    ...ownCertificate(folder),
    `--service-account-private-key-file=${folder}/service-accounts.key`,
    `--root-ca-file=${folder}/ca.crt`,
    '--use-service-account-credentials=true',
    '--leader-elect=false',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--concurrent-deployment-syncs=20',
    '--concurrent-replicaset-syncs=20',
    '--concurrent-service-endpoint-syncs=20',
    '--concurrent-gc-syncs=40',
    ...(flags.controllerManager ?? []),
  ]
}

export const schedulerFlags = ({ folder, ports, flags }: Layout): readonly string[] => [
  `--config=${folder}/scheduler.json`,
  `--authentication-kubeconfig=${folder}/scheduler.kubeconfig`,
  `--authorization-kubeconfig=${folder}/scheduler.kubeconfig`,
  '--bind-address=127.0.0.1',
  `--secure-port=${ports.scheduler}`,
  ...ownCertificate(folder),
  ...(flags.scheduler ?? []),
]

/** Before 1.25 the configuration's stable version does not exist. */
export function schedulerConfiguration({ version, folder }: Layout): string {
  const old = Number(version.split('.')[1]) < 25
  return JSON.stringify({
    apiVersion: `kubescheduler.config.k8s.io/${old ? 'v1beta3' : 'v1'}`,
    kind: 'KubeSchedulerConfiguration',
    leaderElection: { leaderElect: false },
    clientConnection: { kubeconfig: `${folder}/scheduler.kubeconfig`, qps: 500, burst: 1000 },
  })
}

export const auditPolicy = ({ audit }: Layout): string =>
  audit?.policy ??
  JSON.stringify({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata', ...(audit?.users && { users: audit.users }) }, { level: 'None' }],
  })
