/** All biz names of one base: which of their steps may be sent now, under the limits of a base. Pure. */
import type { Command } from '../../mqtt-bridge/index.ts'
import type { Claim, NameClaims } from '../claims.ts'
import type { BaseRecord, Flight } from '../registry/base-record.ts'
import type { Note } from '../registry/notes.ts'
import { isDrainOver } from './drain.ts'
import { planName } from './module-plan.ts'
import { preStopNotes } from './pre-stop.ts'
import { isReadyToProve, proofExpiries, proofNotes } from './proofs.ts'
import { resendDueAtMs } from './resend.ts'
import type { NameFacts, SendStep, Step } from './step.ts'
import { stepKey } from './step-key.ts'

/** A real base has five workers without time-outs; one of ours stays free for uninstalls, so that hung installs cannot block them. */
export const FLIGHTS_MAX = 3
export const INSTALL_FLIGHTS_MAX = 2

export interface BasePlan {
  /** Facts to be established before anything is sent. */
  readonly notes: readonly Note[]
  readonly send: readonly SendStep[]
  /** When the next step may become due by time alone. */
  readonly wakeAtMs?: number
  readonly why: readonly string[]
}

/** Why this base gets no command at all now. */
export function silenceOf(record: BaseRecord): string | undefined {
  if (record.reach.state !== 'heard') return `base is ${record.reach.state}`
  if (record.noCommands) return record.noCommands.reason
  if (!record.snapshot) return 'what the base runs is not known yet'
  return undefined
}

export function planBase(record: BaseRecord, claims: ReadonlyMap<string, NameClaims>, nowMs: number): BasePlan {
  const silence = silenceOf(record)
  if (silence) return { notes: [], send: [], why: [silence] }
  const steps = [...claims.values()].map(name => planned({ record, claims: name, all: claims, nowMs }))
  const asked = steps.map(({ step }) => step).filter(isSend)
  const wanted = asked.filter(step => isReadyToProve(record, step))
  const lost = lostInstalls(record, wanted)
  const wakeTimes = [
    ...steps.flatMap(({ step }) => (step.kind === 'wait' && step.untilMs !== undefined ? step.untilMs : [])),
    ...lost.map(({ dueAtMs }) => dueAtMs).filter(dueAtMs => dueAtMs > nowMs),
    ...proofExpiries(record),
  ]
  const due = lost.filter(({ dueAtMs }) => dueAtMs <= nowMs).map(({ step }) => step)
  const plan = {
    notes: [
      ...steps.flatMap(step => drainNotes(step, nowMs)),
      ...drainsOfNobody(record, claims),
      ...steps.flatMap(({ step }) => preStopNotes(step, nowMs)),
      ...proofNotes(record, asked, nowMs),
    ],
    send: admit(record, [...intruders(record, claims), ...due, ...wanted]),
    why: steps.map(({ facts, step }) => `${facts.claims.bizName}: ${step.kind} (${step.why})`),
  }
  return wakeTimes.length > 0 ? { ...plan, wakeAtMs: Math.min(...wakeTimes) } : plan
}

interface Planned {
  readonly facts: NameFacts
  readonly step: Step
}

const planned = (facts: NameFacts): Planned => ({ facts, step: planName(facts) })

function drainNotes({ facts, step }: Planned, nowMs: number): readonly Note[] {
  if (step.kind === 'drain') return [{ kind: 'drain', name: step.name, sinceMs: nowMs }]
  return isDrainOver(facts, step) ? [{ kind: 'undrain', name: facts.claims.bizName }] : []
}

const drainsOfNobody = ({ drains }: BaseRecord, claims: ReadonlyMap<string, NameClaims>): readonly Note[] =>
  [...drains.keys()].filter(name => !claims.has(name)).map(name => ({ kind: 'undrain', name }))

/** A jar's manifest may name another biz than its container does: what came in that way goes, unless a Pod claims it. */
function intruders(record: BaseRecord, claims: ReadonlyMap<string, NameClaims>): readonly SendStep[] {
  return [...record.attempts.values()].flatMap(({ broughtIn }): readonly SendStep[] => {
    const biz = broughtIn && record.bizs.get(broughtIn)
    if (!biz || record.flights.has(broughtIn) || record.doubts.has(broughtIn) || record.foreign?.has(broughtIn))
      return []
    const claimed = claims.get(biz.name)?.groups.some(([{ tuple }]) => tuple.version === biz.version)
    const why = 'the jar named another module than its container'
    return claimed ? [] : [{ kind: 'uninstall', name: biz.name, version: biz.version, why }]
  })
}

/**
 * Installs that were never answered and are not to be sent again: no Pod wants them any more, or a newer claim has won.
 * Each holds a place among the commands of its base, and the Pod that is being deleted for it, until it is known whether it
 * runs. An uninstall tells: the base refuses it while the install holds the lock, and finds nothing where it never arrived.
 */
function lostInstalls(
  { flights, bizs }: BaseRecord,
  wanted: readonly SendStep[],
): readonly { readonly dueAtMs: number; readonly step: SendStep }[] {
  return [...flights].flatMap(([key, flight]) => {
    const { name, version, claim } = flight
    const dueAtMs = resendDueAtMs(flight)
    // Somebody else's install, of which a conflict told us, may bring in what is not ours to remove.
    if (dueAtMs === undefined || claim === undefined || bizs.has(key)) return []
    if (wanted.some(step => stepKey(step) === key)) return []
    const why = 'its install was not answered, and is not wanted now'
    return { dueAtMs, step: { kind: 'uninstall', name, version, claim, why } as const }
  })
}

const isSend = (step: Step): step is SendStep => step.kind === 'install' || step.kind === 'uninstall'

/** Uninstalls first, then installs by age of their claim; what does not fit is planned again when a flight ends. */
function admit(record: BaseRecord, wanted: readonly SendStep[]): readonly SendStep[] {
  const flights = [...record.flights.values()]
  let free = FLIGHTS_MAX - flights.length
  let freeForInstalls = INSTALL_FLIGHTS_MAX - flights.filter(flight => flight.command === 'installBiz').length
  return [...wanted].sort(bySendOrder).filter(step => {
    // Sent again, it takes the place of the first.
    if (record.flights.has(stepKey(step))) return true
    if (free <= 0 || (step.kind === 'install' && freeForInstalls <= 0)) return false
    free -= 1
    if (step.kind === 'install') freeForInstalls -= 1
    return true
  })
}

function bySendOrder(a: SendStep, b: SendStep): number {
  if (a.kind !== 'install' || b.kind !== 'install')
    return (a.kind === 'install' ? 1 : 0) - (b.kind === 'install' ? 1 : 0)
  return byAge(a.claim, b.claim)
}

/** The containers of one Pod in the order in which it names them. */
function byAge(a: Claim, b: Claim): number {
  if (a.podUid === b.podUid) return a.position - b.position
  return a.createdAtMs - b.createdAtMs || (a.podUid < b.podUid ? -1 : 1)
}

export function commandOf(step: SendStep): Command {
  if (step.kind === 'uninstall') return { kind: 'uninstallBiz', name: step.name, version: step.version }
  const { version, url, args, envs } = step.tuple
  return {
    kind: 'installBiz',
    name: step.claim.bizName,
    version,
    url,
    strategy: step.strategy,
    ...(step.proof && { proof: step.proof }),
    ...(args.length > 0 ? { args } : {}),
    ...(Object.keys(envs).length > 0 ? { envs } : {}),
  }
}

/** What the registry is told before the command leaves: noted first, so that no second one can be planned meanwhile. */
export function flightOf(step: SendStep, nowMs: number): Flight {
  if (step.kind === 'uninstall') {
    const flight: Flight = {
      command: 'uninstallBiz',
      name: step.name,
      version: step.version,
      sentAtMs: nowMs,
      overdue: false,
    }
    return step.claim === undefined ? flight : { ...flight, claim: step.claim }
  }
  return {
    command: 'installBiz',
    name: step.claim.bizName,
    version: step.tuple.version,
    strategy: step.strategy,
    claim: step.claim.id,
    tuple: step.tuple,
    unproven: step.unproven,
    ...(step.proof && { proof: step.proof }),
    sentAtMs: nowMs,
    overdue: step.again?.overdue ?? false,
    ...(step.again?.resent && { resent: step.again.resent }),
    ...(step.replaces ? { replaces: step.replaces } : {}),
    ...(step.tuple !== step.claim.tuple && { restores: true }),
  }
}
