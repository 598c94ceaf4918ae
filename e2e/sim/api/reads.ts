/** GET of one object and of many, page by page. */
import { keyOf } from './api-object.ts'
import type { Commits } from './commits.ts'
import type { Kept } from './kept.ts'
import { badRequest, expired, notFound } from './refusal.ts'
import type { Target } from './request-target.ts'
import { apiVersionOf } from './resources.ts'
import { selectorOf } from './selectors.ts'

/** Of what there is only name, labels and the like: as clients ask that need no more. */
export const asksMetadataOnly = (accept: string | undefined): boolean =>
  accept?.includes('as=PartialObjectMetadata') ?? false

const TOKEN_TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.'

export function readOne(commits: Commits, { resource, namespace, name }: Target): Kept {
  const kept = commits.table(resource.plural).get(resource.namespaced ? `${namespace}/${name}` : name)
  if (!kept) throw notFound({ resource, name })
  return kept
}

export interface ReadOptions {
  readonly accept: string | undefined
  /** Where an older one than the newest is to be shown. */
  readonly version?: number | undefined
}

export function readMany(commits: Commits, target: Target, { accept, version }: ReadOptions): string {
  const { resource, query } = target
  const metadataOnly = asksMetadataOnly(accept)
  const selects = selectorOf(resource, target.namespace, query)
  const cursor = cursorOf(query, version ?? commits.version)
  const all = commits.table(resource.plural).at(cursor.version)
  if (!all) throw expired(TOKEN_TOO_OLD)
  const found = all.filter(({ object }) => selects(object))
  const { items, next, left } = pageOf(found, cursor)
  const isSelective = query.has('labelSelector') || query.has('fieldSelector')
  const metadata = {
    resourceVersion: String(cursor.version),
    ...(next !== undefined && { continue: next }),
    ...(left > 0 && !isSelective && { remainingItemCount: left }),
  }
  const [kind, apiVersion] = metadataOnly
    ? ['PartialObjectMetadataList', 'meta.k8s.io/v1']
    : [`${resource.kind}List`, apiVersionOf(resource)]
  const texts = items.map(kept => (metadataOnly ? kept.metadataJson : kept.itemJson))
  const head = `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)}`
  return `${head},"items":[${texts.join(',')}]}`
}

interface Page {
  readonly items: readonly Kept[]
  readonly next: string | undefined
  readonly left: number
}

function pageOf(found: readonly Kept[], { limit, after, version }: Cursor): Page {
  const rest = after ? found.filter(kept => placeOf(kept) > after) : found
  const items = limit > 0 ? rest.slice(0, limit) : rest
  const left = rest.length - items.length
  const last = items.at(-1)
  const next = left > 0 && last ? Buffer.from(`${version} ${placeOf(last)}`).toString('base64url') : undefined
  return { items, next, left }
}

const placeOf = ({ object }: Kept): string => keyOf(object.metadata)

/** Where a page begins: all pages of one list show the world as it was at the first. */
interface Cursor {
  readonly limit: number
  readonly version: number
  readonly after: string
}

function cursorOf(query: URLSearchParams, now: number): Cursor {
  const limit = Number(query.get('limit') ?? 0)
  const token = query.get('continue')
  if (!token) return { limit, version: now, after: '' }
  const [version = '', after = ''] = Buffer.from(token, 'base64url').toString('utf8').split(' ')
  if (!/^\d+$/.test(version) || !after) throw badRequest('invalid continue token: continue key is not valid')
  return { limit, version: Number(version), after }
}
