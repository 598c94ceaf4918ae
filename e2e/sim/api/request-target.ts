/** What a request is about: its path and query, taken apart. */
import { noSuchPath } from './refusal.ts'
import { apiVersionOf, RESOURCES, type Resource } from './resources.ts'

export interface Target {
  readonly resource: Resource
  /** Empty: all, or the resource has none. */
  readonly namespace: string
  /** Empty: the collection. */
  readonly name: string
  readonly subresource: string
  readonly query: URLSearchParams
}

const NO_QUERY = new URLSearchParams()
const BY_PATH = new Map(
  RESOURCES.map(resource => [
    `${resource.group ? 'apis' : 'api'}/${apiVersionOf(resource)}/${resource.plural}`,
    resource,
  ]),
)
const decoded = (part: string): string => (part.includes('%') ? decodeURIComponent(part) : part)

/** @throws Refusal 404 for what is not served */
export function parseTarget(pathAndQuery: string): Target {
  const mark = pathAndQuery.indexOf('?')
  const path = mark < 0 ? pathAndQuery : pathAndQuery.slice(0, mark)
  const query = mark < 0 ? NO_QUERY : new URLSearchParams(pathAndQuery.slice(mark + 1))
  const parts = path.split('/')
  const prefix = parts.splice(1, parts[1] === 'apis' ? 3 : 2).join('/')
  const isScoped = parts[1] === 'namespaces' && parts.length > 3
  const namespace = isScoped ? decoded(parts[2] ?? '') : ''
  const [plural = '', name = '', subresource = '', ...rest] = parts.slice(isScoped ? 3 : 1)
  const resource = BY_PATH.get(`${prefix}/${plural}`)
  const isWellFormed = resource && rest.length === 0 && (resource.namespaced || !isScoped)
  if (!isWellFormed || (resource.namespaced && name && !namespace)) throw noSuchPath()
  return { resource, namespace, name: decoded(name), subresource, query }
}
