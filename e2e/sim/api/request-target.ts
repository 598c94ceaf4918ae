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

/** The same few paths are asked for again and again. */
const known = new Map<string, Omit<Target, 'query'>>()
const KNOWN_MAX = 4_096

/** @throws Refusal 404 for what is not served */
export function parseTarget(pathAndQuery: string): Target {
  const mark = pathAndQuery.indexOf('?')
  const path = mark < 0 ? pathAndQuery : pathAndQuery.slice(0, mark)
  const query = mark < 0 ? NO_QUERY : new URLSearchParams(pathAndQuery.slice(mark + 1))
  return { ...(known.get(path) ?? parsedPath(path)), query }
}

function parsedPath(path: string): Omit<Target, 'query'> {
  const parts = path.split('/')
  const apiParts = parts[1] === 'apis' ? 4 : 3
  const place = placeOf(parts.slice(apiParts))
  const resource = BY_PATH.get(`${parts.slice(1, apiParts).join('/')}/${place.plural}`)
  if (!resource || !isWellPlaced(resource, place)) throw noSuchPath()
  if (known.size >= KNOWN_MAX) known.clear()
  const { namespace, name, subresource } = place
  const target = { resource, namespace, name, subresource }
  known.set(path, target)
  return target
}

interface Place {
  readonly plural: string
  readonly namespace: string
  readonly name: string
  readonly subresource: string
}

/** `namespaces/a/pods/b/status`; of a namespace itself no more than `namespaces/a` or its `status`. */
function placeOf(parts: readonly string[]): Place {
  const isScoped = parts[0] === 'namespaces' && parts.length > 2 && parts[2] !== 'status'
  const [plural = '', name = '', subresource = ''] = isScoped ? parts.slice(2) : parts
  return { plural, namespace: isScoped ? decoded(parts[1] ?? '') : '', name: decoded(name), subresource }
}

function isWellPlaced({ namespaced }: Resource, { namespace, name }: Place): boolean {
  if (!namespaced) return namespace === ''
  return namespace !== '' || name === ''
}
