/** The Node's kubelet version: kubeadm, dashboards and checks of version skew parse it, and compare it with the server's. Pure. */

/** Older than any server we meet: a kubelet may lag behind its server, and may not be ahead of it. */
const SERVER_VERSION_UNKNOWN = '1.24.0'
const RELEASE = /^v?(\d+\.\d+\.\d+)/
const FOREIGN_CHARACTERS = /[^0-9A-Za-z.-]+/g

/** `serverVersion` as the API server tells it, vendor's suffix and all (`v1.36.3+k3s1`); undefined: it could not be asked. */
export function kubeletVersion(serverVersion: string | undefined, ours: string): string {
  const [, release = SERVER_VERSION_UNKNOWN] = RELEASE.exec(serverVersion ?? '') ?? []
  return `v${release}-koupleless-${ours.replace(FOREIGN_CHARACTERS, '-')}`
}
