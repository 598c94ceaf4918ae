/** Rendezvous hashing: each base ranks all replicas, so one that comes or goes moves only its own share. Pure. */
import type { NodeName } from '../names.ts'
import { clientOf, hashOf } from './replica-id.ts'

/** The preferred first. By client: a restart of one moves nothing. */
export function ranked(base: NodeName, holders: readonly string[]): readonly string[] {
  return holders
    .map(holder => ({ holder, score: hashOf(`${clientOf(holder)} ${base}`) }))
    .sort((a, b) => b.score - a.score || (a.holder < b.holder ? -1 : 1))
    .map(({ holder }) => holder)
}
