/** What the composition hands in; the defaults are those of the contract. */
export interface NodeLeaseSettings {
  /** Bases of this environment only; a Node of another is never touched. */
  readonly env: string
  /** Who we are in a Lease. */
  readonly holderIdentity: string
  /** Known only when the API server has told its own: see `kubelet-version.ts`. */
  readonly kubeletVersion: string
  /** A base does not tell its own: that of the machines here, in Go's spelling. */
  readonly architecture: string
  /** Adds the peer's taint `schedule.koupleless.io/node-env=<env>:NoExecute`. */
  readonly nodeEnvTaint: boolean
  readonly podsMax: number
  readonly processorsDefault: number
  /** Stands for the limit of a JVM that has none (-XX:MaxMetaspaceSize missing). */
  readonly metaspaceDefaultBytes: number
}

const GIB = 1024 ** 3

export const NODE_LEASE_DEFAULTS: Omit<NodeLeaseSettings, 'env' | 'holderIdentity' | 'kubeletVersion'> = {
  architecture: 'amd64',
  nodeEnvTaint: false,
  podsMax: 110,
  processorsDefault: 1,
  metaspaceDefaultBytes: GIB,
}
