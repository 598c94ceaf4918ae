/** Facts that our own shells establish about a base, and how each changes its record. Pure. */
import type { BizKey } from '../../mqtt-bridge/index.ts'
import type { Attempt, BaseRecord, ClaimId, Flight, NoCommands, Reach } from './base-record.ts'
import { begin } from './begin-flight.ts'
import { doubt } from './doubts.ts'
import { changed, newestPublishedAtMs, type Observed, unchanged, withEntry, without } from './observed.ts'

export type Note =
  /** `isLook`: a queryAllBiz is among the questions. */
  | { readonly kind: 'asked'; readonly atMs: number; readonly isLook?: boolean }
  | { readonly kind: 'commanded'; readonly key: BizKey; readonly flight: Flight }
  /** The broker never took the command: it is surely not running. */
  | { readonly kind: 'unsent'; readonly key: BizKey }
  | { readonly kind: 'overdue'; readonly key: BizKey; readonly atMs: number }
  | { readonly kind: 'attempt'; readonly claim: ClaimId; readonly attempt: Attempt | undefined }
  | { readonly kind: 'reach'; readonly reach: Reach }
  | { readonly kind: 'noCommands'; readonly noCommands: NoCommands | undefined }
  | { readonly kind: 'foreign'; readonly keys: ReadonlySet<BizKey> }
  | { readonly kind: 'unclaimed'; readonly unclaimed: BaseRecord['unclaimed'] }
  | {
      readonly kind: 'provenance'
      readonly key: BizKey
      readonly provenance: BaseRecord['provenance'] extends ReadonlyMap<BizKey, infer P> ? P : never
    }
  | { readonly kind: 'basePod'; readonly basePod: BaseRecord['basePod'] | undefined }
  | { readonly kind: 'forgetClaims'; readonly claims: readonly ClaimId[] }
  /** A trial is about to be sent: its Lease shall tell of it first. */
  | { readonly kind: 'proof'; readonly key: BizKey; readonly atMs: number }
  | { readonly kind: 'forgetProof'; readonly key: BizKey }
  /** The Lease tells of these trials, each with the time of its start as far as it is known. */
  | { readonly kind: 'proofsWritten'; readonly written: ReadonlyMap<BizKey, number | undefined> }
  | { readonly kind: 'drain'; readonly name: string; readonly sinceMs: number }
  | { readonly kind: 'undrain'; readonly name: string }
  | { readonly kind: 'nodeIs'; readonly nodeIs: NonNullable<BaseRecord['nodeIs']> }
  | { readonly kind: 'preStop'; readonly claim: ClaimId; readonly untilMs: number }

/** What a note does to a record. */
export function applyNote(record: BaseRecord, note: Note): Observed {
  switch (note.kind) {
    case 'asked':
      return unchanged({ ...record, life: asked(record.life, note) })
    case 'commanded':
      return changed(begin(record, note.key, note.flight), 'commanded')
    case 'unsent':
      return record.flights.has(note.key)
        ? changed({ ...record, flights: without(record.flights, note.key) }, 'bizs')
        : unchanged(record)
    case 'overdue':
      return overdue(record, note.key, note.atMs)
    case 'forgetClaims':
      return forgetClaims(record, note.claims)
    case 'nodeIs':
      return changed({ ...record, nodeIs: note.nodeIs }, 'nodeIs')
    default:
      return isWebNote(note) ? webNote(record, note) : stateOf(record, note)
  }
}

type WebNote = Extract<Note, { kind: 'proof' | 'forgetProof' | 'proofsWritten' | 'drain' | 'undrain' }>
type StateNote = Exclude<
  Note,
  WebNote | { kind: 'asked' | 'commanded' | 'unsent' | 'overdue' | 'forgetClaims' | 'nodeIs' }
>

function stateOf(record: BaseRecord, note: StateNote): Observed {
  switch (note.kind) {
    case 'attempt':
      return changed({ ...record, attempts: withAttempt(record.attempts, note.claim, note.attempt) }, 'bizs')
    case 'reach':
      return sameReach(record.reach, note.reach)
        ? unchanged({ ...record, reach: note.reach })
        : changed({ ...record, reach: note.reach }, 'reach')
    case 'noCommands':
      return noCommands(record, note.noCommands)
    case 'foreign':
      return changed({ ...record, foreign: note.keys }, 'foreign')
    case 'unclaimed':
      return unchanged({ ...record, unclaimed: note.unclaimed })
    case 'provenance':
      return changed({ ...record, provenance: withEntry(record.provenance, note.key, note.provenance) }, 'bizs')
    case 'basePod':
      return basePod(record, note.basePod)
    case 'preStop':
      return changed({ ...record, preStops: withEntry(record.preStops, note.claim, note.untilMs) }, 'bizs')
  }
}

/** `askedSinceMs` stays at the oldest question that is still open: that is what makes a base deaf. */
const asked = (life: BaseRecord['life'], { atMs, isLook = false }: Asked): BaseRecord['life'] => ({
  ...life,
  askedAtMs: atMs,
  askedSinceMs: life.askedSinceMs ?? atMs,
  ...(isLook && { openLooks: (isForgotten(life, atMs) ? 0 : (life.openLooks ?? 0)) + 1 }),
})

type Asked = Extract<Note, { kind: 'asked' }>

/** What was asked before such a pause and not answered was lost. */
const LOST_AFTER_MS = 30_000
const isForgotten = ({ askedAtMs = 0 }: BaseRecord['life'], nowMs: number): boolean => nowMs - askedAtMs > LOST_AFTER_MS

/**
 * The command may still be running, so it goes on counting. Its outcome is open: absence proves nothing until a
 * snapshot published after the newest message that we have of this base.
 */
function overdue(record: BaseRecord, key: BizKey, atMs: number): Observed {
  const flight = record.flights.get(key)
  if (!flight || flight.overdue) return unchanged(record)
  const flights = withEntry(record.flights, key, { ...flight, overdue: true })
  const sincePublishedAtMs = newestPublishedAtMs(record) ?? 0
  return changed(doubt({ ...record, flights }, key, { sincePublishedAtMs, raisedAtMs: atMs }), 'bizs')
}

function forgetClaims(record: BaseRecord, claims: readonly ClaimId[]): Observed {
  const attempts = without(record.attempts, ...claims)
  const recoveries = record.recoveries && without(record.recoveries, ...claims)
  const preStops = without(record.preStops, ...claims)
  const isSame = attempts === record.attempts && recoveries === record.recoveries && preStops === record.preStops
  if (isSame) return unchanged(record)
  return unchanged({ ...record, attempts, preStops, ...(recoveries && { recoveries }) })
}

const WEB_NOTES: ReadonlySet<Note['kind']> = new Set(['proof', 'forgetProof', 'proofsWritten', 'drain', 'undrain'])
const isWebNote = (note: Note): note is WebNote => WEB_NOTES.has(note.kind)

function webNote(record: BaseRecord, note: WebNote): Observed {
  switch (note.kind) {
    case 'proof':
      return changed(
        { ...record, proofs: withEntry(record.proofs, note.key, { atMs: note.atMs, isWritten: false }) },
        'proofs',
      )
    case 'forgetProof':
      return unchanged({ ...record, proofs: without(record.proofs, note.key) })
    case 'proofsWritten':
      return proofsWritten(record, note.written)
    case 'drain':
      return changed({ ...record, drains: withEntry(record.drains, note.name, note.sinceMs) }, 'bizs')
    case 'undrain':
      return record.drains.has(note.name)
        ? changed({ ...record, drains: without(record.drains, note.name) }, 'bizs')
        : unchanged(record)
  }
}

function proofsWritten(record: BaseRecord, written: ReadonlyMap<BizKey, number | undefined>): Observed {
  const told = [...record.proofs].filter(
    ([key, { isWritten, changedAtMs }]) => !isWritten && written.has(key) && written.get(key) === changedAtMs,
  )
  if (told.length === 0) return unchanged(record)
  const proofs = new Map(record.proofs)
  for (const [key, entry] of told) proofs.set(key, { ...entry, isWritten: true })
  return changed({ ...record, proofs }, 'bizs')
}

const withAttempt = (attempts: BaseRecord['attempts'], claim: ClaimId, attempt: Attempt | undefined) =>
  attempt ? withEntry(attempts, claim, attempt) : without(attempts, claim)

/** The words of `why` may change from run to run (they count seconds); nobody needs waking for that. */
const sameReach = (a: Reach, b: Reach): boolean =>
  a.state === b.state && a.sinceMs === b.sinceMs && a.held === b.held && a.lostSinceMs === b.lostSinceMs

function noCommands(record: BaseRecord, next: NoCommands | undefined): Observed {
  const { noCommands: before, ...rest } = record
  const replaced: BaseRecord = next ? { ...rest, noCommands: next } : rest
  return before?.reason === next?.reason ? unchanged(replaced) : changed(replaced, 'reach')
}

function basePod(record: BaseRecord, found: BaseRecord['basePod'] | undefined): Observed {
  const { basePod: _before, ...rest } = record
  return changed({ ...rest, ...(found && { basePod: found }), basePodSettled: true }, 'described')
}
