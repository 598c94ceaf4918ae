/** Kubernetes versions that the journeys run on. Each has its pinned module file in `go/<version>/`. */
export const DEFAULT_VERSION = 'v1.36.3'
/** The version of the user guide. */
export const OLDEST_VERSION = 'v1.24.17'
export const VERSIONS = [DEFAULT_VERSION, OLDEST_VERSION] as const

/** etcd of the official download; a build takes the one that the module file pins. */
export const ETCD_RELEASE = 'v3.6.5'

export const BINARIES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const
export type Binary = (typeof BINARIES)[number]
export type Binaries = Readonly<Record<Binary, string>>

export function versionFromEnvironment(): string {
  const wanted = process.env.KOUPLELESS_E2E_KUBERNETES ?? DEFAULT_VERSION
  if ((VERSIONS as readonly string[]).includes(wanted)) return wanted
  throw new Error(`KOUPLELESS_E2E_KUBERNETES: got ${wanted}, takes one of ${VERSIONS.join(', ')}`)
}
