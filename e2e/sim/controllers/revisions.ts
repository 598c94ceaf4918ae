/** ControllerRevisions: each template that a DaemonSet or StatefulSet had, under a number. */
import { isSame } from '../api/api-object.ts'
import type { SimApiServer } from '../api/sim-api-server.ts'
import { type ControllerRevision, controllerOf, type Named, ownerReference, type Template } from './cluster-objects.ts'
import type { ServerCalls } from './server-calls.ts'
import { hashOf } from './template-hash.ts'

interface Owner extends Named {
  readonly spec: { readonly template: Template; readonly revisionHistoryLimit: number }
}

export const REVISION_HASH = 'controller-revision-hash'

/** Oldest first. */
export const revisionsOf = (server: SimApiServer, owner: Named): readonly ControllerRevision[] =>
  server
    .list<ControllerRevision>('controllerrevisions')
    .filter(revision => controllerOf(revision)?.uid === owner.metadata.uid)
    .sort((a, b) => a.revision - b.revision)

/** The revision of its template as it is now: made where there is none, and always the one of the highest number. */
export function currentRevision(
  server: SimApiServer,
  calls: ServerCalls,
  owner: Owner,
): ControllerRevision | undefined {
  const { name, namespace } = owner.metadata
  const revisions = revisionsOf(server, owner)
  const data = { spec: { template: { ...owner.spec.template, $patch: 'replace' } } }
  const latest = revisions.at(-1)
  const known = revisions.findLast(revision => isSame(revision.data, data))
  const next = (latest?.revision ?? 0) + 1
  const hash = hashOf(owner.spec.template)
  if (!known)
    calls.create('controllerrevisions', namespace, {
      metadata: {
        name: `${name}-${hash}`,
        labels: { ...owner.spec.template.metadata?.labels, [REVISION_HASH]: hash },
        ownerReferences: [ownerReference(owner)],
      },
      data,
      revision: next,
    })
  else if (known !== latest) calls.patch('controllerrevisions', known, { revision: next })
  return server.get<ControllerRevision>('controllerrevisions', namespace, known?.metadata.name ?? `${name}-${hash}`)
}

/** `live`: names that are still borne by Pods. */
export function forgetRevisions(
  server: SimApiServer,
  calls: ServerCalls,
  owner: Owner,
  live: ReadonlySet<string>,
): void {
  const unused = revisionsOf(server, owner).filter(({ metadata }) => !live.has(metadata.name))
  const surplus = unused.length - owner.spec.revisionHistoryLimit
  for (const revision of unused.slice(0, Math.max(0, surplus))) calls.delete('controllerrevisions', revision)
}
