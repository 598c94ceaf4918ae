/**
 * How a new version of a module is tried while another of its name runs: DESIGN 3, "Prove, then switch" and "Web modules
 * cannot stand twice". Pure.
 */
import { bizKey, type Clash, contextPathOf, isRootPath, normalPath, type Proof } from '../../mqtt-bridge/index.ts'
import type { Claim } from '../claims.ts'
import { ruledOutFor } from '../registry/attempts.ts'
import type { Attempt, BaseRecord, RuledOut, Way } from '../registry/base-record.ts'
import { ownerOf, pathOf, realVersions } from '../registry/web-modules.ts'

export type Approach =
  | { readonly kind: 'beside' }
  | { readonly kind: 'prove'; readonly proof: Proof }
  /** Stops what runs before the new one was seen to work. `why` goes into an Event. */
  | { readonly kind: 'unproven'; readonly why: string }
  /** Its path is somebody else's: nothing is stopped for it. */
  | { readonly kind: 'pathTaken'; readonly path: string; readonly owner: string }
  /** No way is left that leaves the running version alone, and its Pod asks for no other. */
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'wait'; readonly untilMs: number; readonly why: string }

export interface ReplaceFacts {
  readonly record: BaseRecord
  readonly claim: Claim
  /** The failed install of the claim's group that has not been mended since. */
  readonly failure: Attempt | undefined
  readonly nowMs: number
}

/** How long a health that tells paths is awaited. A base that never gives one is tried all the same. */
export const HEALTH_WITHIN_MS = 5_000
const PROOF_PATHS_MAX = 3

/** How a claim is brought up beside a running version of its name. */
export function approachOf(facts: ReplaceFacts): Approach {
  const { record, claim } = facts
  if (claim.replace === 'uninstall-first') return { kind: 'unproven', why: UNINSTALL_FIRST }
  if (!roomForTwo(record, claim.bizName)) return { kind: 'unproven', why: `${record.nodeName} ${NO_ROOM}` }
  return awaitsHealth(facts) ?? takenPath(facts) ?? openWay(facts)
}

export const UNINSTALL_FIRST = 'its Pod asks for it'
const NO_ROOM = 'has too little metaspace left to run both'

/** Proving needs metaspace for two; what the last install of this biz took is the best guess there is. */
export function roomForTwo(record: BaseRecord, bizName: string): boolean {
  const { metaspaceMaxBytes, metaspaceUsedBytes } = record.health ?? {}
  const needed = record.metaspaceByName.get(bizName)
  if (metaspaceMaxBytes === undefined || metaspaceUsedBytes === undefined || needed === undefined) return true
  return metaspaceMaxBytes - metaspaceUsedBytes >= needed
}

/** Paths are known from health, and whose a path is, only from one that is newer than the clash. */
function awaitsHealth({ record, failure, nowMs }: ReplaceFacts): Approach | undefined {
  const clashedAtMs = pathClashAtMs(failure)
  const { health, healthAtMs = 0, reach } = record
  if (health && healthAtMs > (clashedAtMs ?? -1)) return undefined
  const untilMs = (clashedAtMs ?? reach.sinceMs) + HEALTH_WITHIN_MS
  const why = 'the base is asked for the paths of its modules'
  return nowMs < untilMs ? { kind: 'wait', untilMs, why } : undefined
}

const pathClashAtMs = (failure: Attempt | undefined): number | undefined =>
  failure?.clash?.kind === 'contextPath' ? failure.lastFailedAtMs : undefined

/** Whose the path of a clash is, where it is neither a trial's own nor one of this name. */
export function pathOwner(record: BaseRecord, claim: Claim, failure: Attempt): Approach | undefined {
  const { clash } = failure
  if (clash?.kind !== 'contextPath' || isOwnTrial(failure, clash)) return undefined
  const owner = ownerOf(record, clash.path, claim.bizName)
  return owner === undefined ? undefined : { kind: 'pathTaken', path: clash.path, owner }
}

/** Its path was another's, who is gone: it is tried at once. Once, for who the owner is may have been told wrongly. */
export const isPathFree = (record: BaseRecord, claim: Claim, failure: Attempt): boolean =>
  failure.code === 'PathTaken' && failure.failures === 1 && pathOwner(record, claim, failure) === undefined

const isOwnTrial = ({ ruledOut = [] }: Attempt, { path }: Extract<Clash, { kind: 'contextPath' }>): boolean =>
  ruledOut.some(({ pathTaken }) => pathTaken === path)

const takenPath = ({ record, claim, failure }: ReplaceFacts): Approach | undefined =>
  failure && pathOwner(record, claim, failure)

/** The first way that no clash has ruled out. */
function openWay(facts: ReplaceFacts): Approach {
  const { record, claim, failure } = facts
  const tried = ruledOutFor(record, claim.id, claim.tuple.url)
  const way = isPathClash(failure?.clash) ? waysOf(facts).find(candidate => !isRuledOut(candidate, tried)) : undefined
  if (way) return approachBy(way, facts, tried)
  return claim.replace === 'prove-then-switch' ? noWay(failure) : unproven(failure)
}

/** Another path helps only against a path; ports, MBeans and the like are taken wherever the module stands. */
const isPathClash = (clash: Clash | undefined): boolean =>
  clash === undefined || clash.kind === 'contextPath' || clash.kind === 'reactivePath'

function isRuledOut(way: Way, tried: readonly RuledOut[]): boolean {
  const ofWay = tried.filter(one => one.way === way)
  return ofWay.some(({ pathTaken }) => pathTaken === undefined) || ofWay.length >= PROOF_PATHS_MAX
}

/** Ways in the order in which they are tried. */
function waysOf(facts: ReplaceFacts): readonly Way[] {
  const { record, claim, failure } = facts
  const isWeb = runningPath(facts) !== undefined
  if (isWeb && !goesElsewhere(facts)) return [trialOn(record)]
  const isPathLearned = failure?.clash !== undefined || ruledOutFor(record, claim.id, claim.tuple.url).length > 0
  return isPathLearned ? ['beside', trialOn(record)] : ['beside']
}

const trialOn = ({ webServer }: BaseRecord): Way => (webServer === 'reactive' ? 'noWebServer' : 'contextPath')

/** The path of the version that runs, where it is known. */
function runningPath({ record, claim }: ReplaceFacts): string | undefined {
  const paths = realVersions(record, claim.bizName).map(biz => pathOf(record, bizKey(biz.name, biz.version)))
  return paths.find(path => path !== undefined)
}

/** The user's own arguments give it a path that no version of its name has. */
function goesElsewhere(facts: ReplaceFacts): boolean {
  const own = contextPathOf(facts.claim.tuple.args)
  return own !== undefined && !isRootPath(own) && normalPath(own) !== runningPath(facts)
}

function approachBy(way: Way, facts: ReplaceFacts, tried: readonly RuledOut[]): Approach {
  if (way === 'beside') return { kind: 'beside' }
  if (way === 'noWebServer') return { kind: 'prove', proof: { kind: 'noWebServer' } }
  return { kind: 'prove', proof: { kind: 'contextPath', path: trialPath(facts, tried) } }
}

/** Derived from the user's own path, else from the running version's, else from the one that the clash named. */
function trialPath(facts: ReplaceFacts, tried: readonly RuledOut[]): string {
  const { claim, failure, record } = facts
  const clashed = failure?.clash?.kind === 'contextPath' ? failure.clash.path : undefined
  const own = contextPathOf(claim.tuple.args)
  const path = normalPath((own && !isRootPath(own) ? own : runningPath(facts)) ?? clashed ?? claim.bizName)
  const taken = new Set(tried.flatMap(({ pathTaken }) => pathTaken ?? []))
  const isFree = (candidate: string): boolean => !taken.has(candidate) && ownerOf(record, candidate, '') === undefined
  const candidates = [`${path}-proof`, `${path}-proof-2`, `${path}-proof-3`, `${path}-proof-4`]
  return candidates.find(isFree) ?? `${path}-proof`
}

const TAKEN: Readonly<Record<Clash['kind'], string>> = {
  contextPath: 'its context path',
  reactivePath: 'its context path',
  port: 'a port',
  mbean: 'the name of an MBean',
  fileLock: 'the lock of a file',
  rmiObject: 'an RMI object',
  nativeLibrary: 'a native library',
}

/** What the running version holds, in words. */
export const takenBy = ({ kind }: Clash): string => TAKEN[kind]

const cannotStand = (clash: Clash | undefined): string =>
  clash ? `it cannot stand beside the running version, which has ${takenBy(clash)}` : 'it cannot be proved'

const unproven = (failure: Attempt | undefined): Approach => ({ kind: 'unproven', why: cannotStand(failure?.clash) })

const noWay = (failure: Attempt | undefined): Approach => ({
  kind: 'none',
  why: `${cannotStand(failure?.clash)}; annotation replace: auto would stop that first`,
})

/** A clash is no end where another way is open: it is tried at once, and nobody is told of a failure. */
export function hasOtherWay(facts: ReplaceFacts): boolean {
  const { record, claim, failure } = facts
  if (!failure?.clash || failure.unproven || failure.final) return false
  if (realVersions(record, claim.bizName).length === 0) return false
  const { kind } = approachOf(facts)
  return kind !== 'pathTaken' && kind !== 'none'
}
