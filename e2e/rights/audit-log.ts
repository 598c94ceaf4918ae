/** What somebody asked of the API server, by its audit log: each kind of request once. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

export interface Use {
  readonly verb: string
  readonly group: string
  /** With its subresource; a path where it is no resource at all. */
  readonly resource: string
  /** Undefined: of the cluster, or of all namespaces. */
  readonly namespace?: string
  readonly name?: string
  /** By authorization: a request that was allowed may have failed all the same. */
  readonly isAllowed: boolean
  /** Role by which it was allowed. */
  readonly role?: string
}

interface AuditEvent {
  readonly stage: string
  readonly verb: string
  readonly requestURI: string
  readonly user: { readonly username: string }
  readonly objectRef?: {
    readonly apiGroup?: string
    readonly resource?: string
    readonly subresource?: string
    readonly namespace?: string
    readonly name?: string
  }
  readonly annotations?: Readonly<Record<string, string>>
}

/** Objects of one kind are many: which of them it was matters for rights that name one, and then only a few are there. */
const NAMES_KEPT = new Set(['configmaps', 'secrets', 'leases'])

export async function readUses(file: string, user: string): Promise<readonly Use[]> {
  const uses = new Map<string, Use>()
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue
    const event = JSON.parse(line) as AuditEvent
    const use = event.user.username === user ? useOf(event) : undefined
    if (use) uses.set(JSON.stringify(use), use)
  }
  return [...uses.values()]
}

function useOf({ verb, requestURI, objectRef, annotations }: AuditEvent): Use | undefined {
  const decision = annotations?.['authorization.k8s.io/decision']
  // Not asked: the API server was ending, or could not tell who it was.
  if (decision === undefined) return undefined
  const role = roleIn(annotations?.['authorization.k8s.io/reason'])
  const asked = objectRef ? resourceOf(objectRef) : { group: '', resource: requestURI.split('?')[0] ?? '' }
  return { verb, ...asked, isAllowed: decision === 'allow', ...(role !== undefined && { role }) }
}

function resourceOf({
  apiGroup: group = '',
  resource = '',
  subresource,
  namespace,
  name,
}: NonNullable<AuditEvent['objectRef']>): Pick<Use, 'group' | 'resource' | 'namespace' | 'name'> {
  return {
    group,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && NAMES_KEPT.has(resource) && { name }),
  }
}

/** `RBAC: allowed by RoleBinding "a/b" of ClusterRole "c" to ServiceAccount …` */
const roleIn = (reason = ''): string | undefined => / of (?:Cluster)?Role "([^"]+)"/.exec(reason)?.[1]
