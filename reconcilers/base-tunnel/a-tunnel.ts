/** Builders for the tests of this room. */
import type { BizKey } from '../../mqtt-bridge/index.ts'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { nodeName } from '../names.ts'
import { aBase, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import type { Decision, Memo, TunnelFacts } from './facts.ts'
import { NO_MEMO } from './facts.ts'
import { TUNNEL_DEFAULTS } from './settings.ts'

export interface Given extends Partial<Omit<TunnelFacts, 'record' | 'memo' | 'claimed'>> {
  readonly base?: BaseFacts
  readonly memo?: Partial<Memo>
  /** `name:version` of every module that a Pod asks for; undefined: the cache is not complete. */
  readonly claims?: readonly string[] | undefined
}

export const keys = (...texts: readonly string[]): ReadonlySet<BizKey> =>
  new Set(texts.map(text => bizKey(text.split(':')[0] ?? '', text.split(':')[1] ?? '')))

/** One of ten bases, heard just now, looked at, with nothing to do. */
export function tunnelFacts({ base, memo, ...given }: Given = {}): TunnelFacts {
  const claims = 'claims' in given ? given.claims : []
  return {
    record: aBase(base),
    node: { name: nodeName('virtual-node-b1') },
    hasNode: true,
    link: { connected: true, epoch: 1, sinceMs: BUILT_AT_MS - 3_600_000, why: 'connected' },
    census: { known: 10, missing: 0 },
    lastDeathAtMs: undefined,
    ownPod: 'none',
    cacheFreshAtMs: BUILT_AT_MS,
    slot: 0.5,
    settings: TUNNEL_DEFAULTS,
    nowMs: BUILT_AT_MS,
    ...given,
    memo: { ...NO_MEMO, askedAtMs: { health: BUILT_AT_MS - 10, queryAllBiz: BUILT_AT_MS - 10 }, ...memo },
    claimed: () => (claims ? keys(...claims) : undefined),
  }
}

/** The note of one kind that a decision makes. */
export function noteOf<K extends NonNullable<Decision['notes']>[number]['kind']>({ notes }: Decision, kind: K) {
  type Found = Extract<NonNullable<Decision['notes']>[number], { kind: K }>
  return notes?.find((note): note is Found => note.kind === kind)
}

export const reasonsOf = ({ events = [] }: Decision): readonly (string | undefined)[] =>
  events.map(({ reason }) => reason)
