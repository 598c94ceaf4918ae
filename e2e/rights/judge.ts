/** Rights granted against rights used. Pure. */
import type { Use } from './audit-log.ts'
import type { Grant } from './grants.ts'

/** What is wrong, one line each: asked for and refused, or allowed by somebody else's role. */
export function usesWithoutGrant(uses: readonly Use[], grants: readonly Grant[]): readonly string[] {
  return uses.flatMap(use => {
    if (isEverybodys(use)) return []
    const covering = grants.filter(grant => covers(grant, use) && (!use.isAllowed || use.role === grant.role))
    if (covering.length === 0) {
      return [use.isAllowed ? `used, yet not by a role of ours: ${shown(use)}` : `used and refused: ${shown(use)}`]
    }
    // A user has not bound it in that namespace: the Pod says so, and waits.
    if (use.isAllowed || covering.some(({ isBoundByUser }) => isBoundByUser)) return []
    return [`used and refused, though granted: ${shown(use)}`]
  })
}

/** Kubernetes shows its version to everybody; where a cluster does not, the operator goes without. */
const isEverybodys = ({ verb, resource, isAllowed, role = '' }: Use): boolean =>
  verb === 'get' && resource === '/version' && (!isAllowed || EVERYBODYS_ROLES.has(role))

const EVERYBODYS_ROLES: ReadonlySet<string> = new Set(['system:public-info-viewer', 'system:discovery'])

/** Rights that nobody used. Only all journeys together can tell. */
export const grantsWithoutUse = (grants: readonly Grant[], uses: readonly Use[]): readonly string[] =>
  grants
    .filter(grant => !uses.some(use => use.role === grant.role && use.isAllowed && covers(grant, use)))
    .map(grant => `granted and never used: ${grant.role}: ${shown(grant)}`)

function covers(grant: Grant, use: Use): boolean {
  if (grant.verb !== use.verb || grant.group !== use.group || grant.resource !== use.resource) return false
  if (grant.namespace !== undefined && grant.namespace !== use.namespace) return false
  return grant.names === undefined || (use.name !== undefined && grant.names.includes(use.name))
}

function shown({ verb, group, resource, namespace }: Pick<Use, 'verb' | 'group' | 'resource' | 'namespace'>): string {
  const what = group === '' ? resource : `${resource} of ${group}`
  return `${verb} ${what}${namespace === undefined ? '' : ` in ${namespace}`}`
}

/** Where one right reaches what no operator should: objects that hold secrets, in the whole cluster; everything; other rights. */
export function tooWide(grants: readonly Grant[]): readonly string[] {
  return grants.flatMap(grant => {
    const { role, group, resource, verb, namespace, isBoundByUser } = grant
    const isSecret = group === '' && /^(secrets|configmaps|serviceaccounts\/token|pods\/exec|\*)$/.test(resource)
    const isWild = [group, resource, verb].includes('*')
    const isOfRights = group === 'rbac.authorization.k8s.io' || ['escalate', 'bind', 'impersonate'].includes(verb)
    const isEverywhere = namespace === undefined && !isBoundByUser
    const listsSecrets = isSecret && ['list', 'watch'].includes(verb)
    const isTooWide = isWild || isOfRights || (isSecret && isEverywhere) || listsSecrets
    return isTooWide ? [`${role}: ${shown(grant)}`] : []
  })
}
