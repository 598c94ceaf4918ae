/** What one claim's biz is to the base right now. Pure reading of facts, shared by the module plan and the Pod status. */
import { type BizKey, type BizReport, bizKey } from '../../mqtt-bridge/index.ts'
import { type Claim, type ClaimGroup, type NameClaims, sameTuple } from '../claims.ts'
import type { Attempt, BaseRecord } from '../registry/base-record.ts'
import { isUp } from '../registry/web-modules.ts'
import { hasOtherWay, pathOwner } from './replacing.ts'

export const keyOf = (claim: Claim): BizKey => bizKey(claim.bizName, claim.tuple.version)

export function bizOf(record: BaseRecord, claim: Claim): BizReport | undefined {
  return record.bizs.get(keyOf(claim))
}

/** The group's tuple is what runs. An install that we know nothing of is taken as the claim's own. */
export function isServing(record: BaseRecord, [claim]: ClaimGroup): boolean {
  const biz = bizOf(record, claim)
  if (!biz || !isUp(record, biz)) return false
  const origin = record.provenance.get(keyOf(claim))
  return origin === undefined || sameTuple(origin.tuple, claim.tuple)
}

/** What stands there came up for this claim, or its Pod has shown that start. */
export function broughtIn(record: BaseRecord, claim: Claim): boolean {
  const startedAtMs = bizOf(record, claim)?.changedAtMs
  if (record.provenance.get(keyOf(claim))?.claim === claim.id) return true
  const seen = (claim.ran ?? claim.ended)?.startedAtMs
  return seen !== undefined && startedAtMs !== undefined && Math.floor(startedAtMs / 1_000) * 1_000 === seen
}

/** The claim's former image runs: put back after the new one failed, or not replaced yet. */
export function runsFormerImage(record: BaseRecord, claim: Claim): boolean {
  const origin = record.provenance.get(keyOf(claim))
  return origin?.claim === claim.id && isRunning(record, claim)
}

/** The failed install of a group that has not been mended since; another URL starts afresh. */
export function failureOf(record: BaseRecord, group: ClaimGroup): Attempt | undefined {
  if (isServing(record, group)) return undefined
  return group.map(claim => record.attempts.get(claim.id)).find(attempt => attempt?.url === group[0].tuple.url)
}

/** Its version serves, from whatever tuple. */
export function isRunning(record: BaseRecord, claim: Claim): boolean {
  const biz = bizOf(record, claim)
  return biz !== undefined && isUp(record, biz)
}

export type Standing =
  | { readonly kind: 'serving' }
  | { readonly kind: 'superseded'; readonly by: Claim; readonly sameWorkload: boolean; readonly bizRuns: boolean }
  | { readonly kind: 'former' }
  /** `pathOwner`: its path is another's, in words. */
  | { readonly kind: 'failed'; readonly failure: Attempt; readonly pathOwner?: string }
  | { readonly kind: 'waiting'; readonly foreignVersion?: string }

/** A different version of this name that is not ours: nothing of that name is touched while it runs. */
export function foreignRival(record: BaseRecord, claim: Claim): string | undefined {
  for (const biz of record.bizs.values()) {
    const key = bizKey(biz.name, biz.version)
    if (biz.name === claim.bizName && biz.version !== claim.tuple.version && record.foreign?.has(key))
      return biz.version
  }
  return undefined
}

export interface StandingFacts {
  readonly record: BaseRecord
  readonly claims: NameClaims
  readonly nowMs: number
}

function failedStanding(record: BaseRecord, claim: Claim, failure: Attempt): Standing {
  const taken = pathOwner(record, claim, failure)
  if (taken?.kind !== 'pathTaken') return { kind: 'failed', failure }
  return { kind: 'failed', failure, pathOwner: `its context path ${taken.path} belongs to ${taken.owner}` }
}

/** How a claim stands among all claims of its biz. Superseded only once the winner is active, and not before. */
export function standingOf({ record, claims, nowMs }: StandingFacts, claim: Claim): Standing {
  const index = claims.groups.findIndex(group => group.includes(claim))
  const group = claims.groups[index]
  if (!group) return { kind: 'waiting' }
  if (isServing(record, group)) return newerServing(record, claims, index, claim) ?? { kind: 'serving' }
  const superseded = newerServing(record, claims, index, claim)
  if (superseded) return superseded
  if (runsFormerImage(record, claim)) return { kind: 'former' }
  const failure = failureOf(record, group)
  if (failure && !hasOtherWay({ record, claim, failure, nowMs })) return failedStanding(record, claim, failure)
  const foreignVersion = foreignRival(record, claim)
  return foreignVersion === undefined ? { kind: 'waiting' } : { kind: 'waiting', foreignVersion }
}

function newerServing(record: BaseRecord, claims: NameClaims, index: number, claim: Claim): Standing | undefined {
  const winner = claims.groups.slice(0, index).find(newer => isServing(record, newer))
  if (!winner) return undefined
  const sameWorkload = winner.some(({ workload }) => workload === claim.workload)
  // The same version under another tuple is the winner's install, not this claim's.
  const bizRuns = winner[0].tuple.version !== claim.tuple.version && isRunning(record, claim)
  return { kind: 'superseded', by: winner[0], sameWorkload, bizRuns }
}
