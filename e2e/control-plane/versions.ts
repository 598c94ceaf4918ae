import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Kubernetes versions that the journeys run on. Each has its pinned module file in `go/<version>/`. */
export const DEFAULT_VERSION = 'v1.36.3'
/** The version of the user guide. */
export const OLDEST_VERSION = 'v1.24.17'
export const VERSIONS = [DEFAULT_VERSION, OLDEST_VERSION] as const

export const BINARIES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const
export type Binary = (typeof BINARIES)[number]
export type Binaries = Readonly<Record<Binary, string>>

/** The version asked for, or undefined where any will do. */
export function versionFromEnvironment(): string | undefined {
  const wanted = process.env.KOUPLELESS_E2E_KUBERNETES
  if (!wanted || (VERSIONS as readonly string[]).includes(wanted)) return wanted || undefined
  throw new Error(`KOUPLELESS_E2E_KUBERNETES: got ${wanted}, takes one of ${VERSIONS.join(', ')}`)
}

export const moduleFolder = (version: string): string => join(import.meta.dirname, 'go', version)

export interface Pinned {
  /** The Go that the module file asks for, as `1.26.0`. */
  readonly go: string
  /** The etcd that it pins, as `v3.6.8`: a download takes the same. */
  readonly etcd: string
}

/** What the module file of a version pins beside Kubernetes itself. */
export async function pinned(version: string): Promise<Pinned> {
  const text = await readFile(join(moduleFolder(version), 'go.mod'), 'utf8')
  const go = /^go (\S+)$/m.exec(text)?.[1]
  const etcd = /^\s*go\.etcd\.io\/etcd\/server\/v3 (v\S+)/m.exec(text)?.[1]
  if (!go || !etcd) throw new Error(`go.mod of ${version} names no go or no etcd`)
  return { go, etcd }
}
