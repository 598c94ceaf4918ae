/** What the manifests of `deploy/rbac` allow, one grant for each verb on each resource. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

export interface Grant {
  readonly role: string
  /** Undefined: in all of them. */
  readonly namespace?: string
  /** Not by us: a user binds it where it is to count. */
  readonly isBoundByUser: boolean
  /** Empty for the core. */
  readonly group: string
  /** With its subresource: `pods/status`. */
  readonly resource: string
  readonly verb: string
  /** Undefined: whatever its name. */
  readonly names?: readonly string[]
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly rules?: readonly Rule[]
  readonly roleRef?: { readonly kind: string; readonly name: string }
}

interface Rule {
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

export const readManifests = (folder: string): readonly Manifest[] =>
  readdirSync(folder)
    .filter(name => name.endsWith('.yaml'))
    .flatMap(name => parseAllDocuments(readFileSync(join(folder, name), 'utf8')))
    .map(document => document.toJS() as Manifest)

export function grantsOf(manifests: readonly Manifest[]): readonly Grant[] {
  const bound = manifests.filter(({ kind }) => kind === 'ClusterRoleBinding').map(({ roleRef }) => roleRef?.name)
  return manifests
    .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
    .flatMap(({ kind, metadata, rules = [] }) => {
      const isBoundByUser = kind === 'ClusterRole' && !bound.includes(metadata.name)
      const { namespace } = metadata
      const place = { role: metadata.name, isBoundByUser, ...(namespace !== undefined && { namespace }) }
      return rules.flatMap(rule => grantsOfRule(rule).map(grant => ({ ...place, ...grant })))
    })
}

const grantsOfRule = ({ apiGroups = [], resources = [], verbs, resourceNames: names }: Rule) =>
  apiGroups.flatMap(group =>
    resources.flatMap(resource => verbs.map(verb => ({ group, resource, verb, ...(names && { names }) }))),
  )
