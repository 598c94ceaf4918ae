/**
 * From which claim was a present biz installed? A snapshot carries no URL, so after a restart of the operator this is read
 * from the Pods: their status tells which start they saw, and the annotation `replacing` (written before a biz is replaced
 * by one of the same version) tells whether that replacement came about. Without it an operator killed in the middle would
 * either replace twice or never.
 */
import { createHash } from 'node:crypto'
import { type BizReport, bizKey } from '../../mqtt-bridge/index.ts'
import { type Claim, type NameClaims, type Ran, sameTuple } from '../claims.ts'
import type { Attempt, BaseRecord, ModuleTuple, Provenance } from '../registry/base-record.ts'
import { imageId } from './image-id.ts'

export interface Marker {
  /** Hash of the tuple that was to be installed. */
  readonly tuple: string
  /** changeTime (base clock) of the biz that it was to replace. */
  readonly fromMs: number
  /** It failed; the former one was put back. */
  readonly failed?: true
}

export function tupleHash(tuple: ModuleTuple): string {
  const text = JSON.stringify([
    tuple.version,
    tuple.url,
    tuple.args,
    Object.entries(tuple.envs).sort(),
    tuple.restartedAt,
  ])
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

export function parseMarker(text: string | undefined): Marker | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { tuple, fromMs, failed } = value as Record<string, unknown>
    if (typeof tuple !== 'string' || typeof fromMs !== 'number') return undefined
    return failed === true ? { tuple, fromMs, failed } : { tuple, fromMs }
  } catch {
    return undefined // a user's hand edit: as if there were none
  }
}

export interface Adoption {
  readonly biz: BizReport
  readonly provenance: Provenance
  /** A replacement known to have failed: without this it would be tried again, stopping what runs. */
  readonly attempt?: Attempt
}

const wholeSecond = (ms: number): number => Math.floor(ms / 1_000)

/** The status knows only the shown form of a URL; where that still matches, the full one is the same. */
function tupleAsRan(claim: Claim, ran: Ran | undefined = claim.ran): ModuleTuple {
  if (!ran || ran.imageId === imageId(claim.tuple.url)) return claim.tuple
  return { ...claim.tuple, url: ran.imageId }
}

/** A Lease tells that it may be a trial: it is none only where it started at another time, or where a Pod has shown it. */
function isSuspect(record: BaseRecord, biz: BizReport, claims: readonly Claim[]): boolean {
  const proof = record.proofs.get(bizKey(biz.name, biz.version))
  if (!proof) return false
  const { changedAtMs } = biz
  if (changedAtMs === undefined || changedAtMs === proof.changedAtMs) return true
  if (proof.changedAtMs !== undefined && biz.state === 'activated') return false
  return !claims.some(claim => claim.tuple.version === biz.version && startSeen(claim, biz))
}

/**
 * One that it shows as ended, too: it may have been about to be replaced when whoever was to do it ended. Of a base that does
 * not tell when its modules started, whoever shows that its own runs is believed.
 */
function startSeen({ ran, ended }: Claim, { changedAtMs }: BizReport): Ran | undefined {
  if (changedAtMs === undefined) return ran
  return [ran, ended].find(one => one && wholeSecond(one.startedAtMs) === wholeSecond(changedAtMs))
}

function fromMarker(claims: readonly Claim[], biz: BizReport, nowMs: number): Adoption | undefined {
  for (const claim of claims) {
    const marker = parseMarker(claim.marker)
    if (!marker || marker.tuple !== tupleHash(claim.tuple)) continue
    if (marker.failed) {
      const provenance = { tuple: tupleAsRan(claim), claim: claim.id, atMs: nowMs }
      return { biz, provenance, attempt: failedBefore(claim, nowMs) }
    }
    if (biz.changedAtMs !== marker.fromMs)
      return { biz, provenance: { tuple: claim.tuple, claim: claim.id, atMs: nowMs } }
  }
  return undefined
}

const failedBefore = (claim: Claim, nowMs: number): Attempt => ({
  url: claim.tuple.url,
  failures: 1,
  lastFailedAtMs: nowMs,
  code: 'FAILED',
  message: 'this replacement failed before and the former module was put back',
  nextTryAtMs: nowMs,
  final: false,
  unproven: true,
})

/**
 * Whose install is this biz, of which nothing is remembered? Also one that is being deleted may have seen its start, or
 * bear the marker. Where it may be the newest claim's and may be another's, it is held for the other's: to install once
 * more costs a restart of a module that no Pod has shown yet, and the wrong jar would stay for good.
 */
export function adopt(
  biz: BizReport,
  { groups, leaving }: Pick<NameClaims, 'groups' | 'leaving'>,
  nowMs: number,
): Adoption | undefined {
  const ofVersion = ({ tuple }: Claim): boolean => tuple.version === biz.version
  const claims = groups.filter(([first]) => ofVersion(first)).flat()
  const newest = claims[0]
  if (!newest) return undefined
  const witnesses = [...claims, ...leaving.filter(ofVersion)]
  const marked = fromMarker(witnesses, biz, nowMs)
  if (marked) return marked
  const witness = witnesses.find(claim => startSeen(claim, biz))
  if (witness) return adopted(biz, witness, tupleAsRan(witness, startSeen(witness, biz)), nowMs)
  const rival = newest.ran ? undefined : witnesses.find(claim => !claim.ran && !sameTuple(claim.tuple, newest.tuple))
  if (rival) return adopted(biz, rival, rival.tuple, nowMs)
  // Nobody saw this start: a Pod that ran an earlier image of its own still asks for the new one; any other is served.
  return adopted(biz, newest, claims.length === 1 ? tupleAsRan(newest) : newest.tuple, nowMs)
}

const adopted = (biz: BizReport, { id }: Claim, tuple: ModuleTuple, nowMs: number): Adoption => ({
  biz,
  provenance: { tuple, claim: id, atMs: nowMs },
})

/** Every present biz that a live Pod claims and that nothing is remembered of. */
export function adoptions(record: BaseRecord, claims: Iterable<NameClaims>, nowMs: number): readonly Adoption[] {
  const found: Adoption[] = []
  for (const { bizName, ...claimed } of claims) {
    const witnesses = [...claimed.groups.flat(), ...claimed.leaving]
    for (const biz of record.bizs.values()) {
      if (biz.name !== bizName || !isOfUnknownOrigin(record, biz) || isSuspect(record, biz, witnesses)) continue
      const adoption = adopt(biz, claimed, nowMs)
      if (adoption) found.push(adoption)
    }
  }
  return found
}

function isOfUnknownOrigin({ provenance, flights }: BaseRecord, { name, version, state }: BizReport): boolean {
  const key = bizKey(name, version)
  return !provenance.has(key) && !flights.has(key) && (state === 'activated' || state === 'deactivated')
}
