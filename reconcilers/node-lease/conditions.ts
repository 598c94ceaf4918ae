/** The conditions of a base's Node. Pure. Their words are constant: a number in them would be a write per change of it. */
import type { V1NodeCondition } from '@kubernetes/client-node'
import type { LinkState } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from '../registry/base-record.ts'

export const PRESSURE_FROM = 0.9
/** Between the two limits it stays as it was: a module more or less must not taint and untaint a Node. */
export const PRESSURE_UNTIL = 0.85
/** Shorter cuts, and the moments after a start, are not worth two writes per Node. */
export const LINK_GRACE_MS = 5_000
export const UNPROVEN_GRACE_MS = 10_000

export interface ConditionFacts {
  readonly record: BaseRecord
  readonly prior: readonly V1NodeCondition[]
  readonly link: LinkState
  readonly nowMs: number
}

interface Verdict {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
}

const find = (conditions: readonly V1NodeCondition[], type: string): V1NodeCondition | undefined =>
  conditions.find(condition => condition.type === type)

function asShown(prior: readonly V1NodeCondition[], type: string): Verdict | undefined {
  const shown = find(prior, type)
  if (shown?.status !== 'True' && shown?.status !== 'False' && shown?.status !== 'Unknown') return undefined
  return { type, status: shown.status, reason: shown.reason ?? '', message: shown.message ?? '' }
}

function ready({ record, prior }: ConditionFacts): Verdict {
  const type = 'Ready'
  switch (record.reach.state) {
    case 'heard':
      return { type, status: 'True', reason: 'BaseHeard', message: 'the base answers' }
    case 'silent':
      return { type, status: 'Unknown', reason: 'BaseSilent', message: 'the base does not answer though asked' }
    default:
      return (
        asShown(prior, type) ?? {
          type,
          status: 'Unknown',
          reason: 'NotYetHeard',
          message: 'the base was not heard yet',
        }
      )
  }
}

/** Can commands reach the base? */
function tunnelReady(facts: ConditionFacts): Verdict {
  const { record, link, nowMs, prior } = facts
  const type = 'TunnelReady'
  if (record.noCommands)
    return { type, status: 'False', reason: record.noCommands.reason, message: record.noCommands.message }
  if (!link.connected) {
    const lost: Verdict = {
      type,
      status: 'Unknown',
      reason: 'BrokerLost',
      message: 'the controller has no connection to the broker',
    }
    return nowMs - link.sinceMs < LINK_GRACE_MS ? (asShown(prior, type) ?? lost) : lost
  }
  return reached(record, asShown(prior, type), nowMs)
}

function reached(record: BaseRecord, shown: Verdict | undefined, nowMs: number): Verdict {
  const type = 'TunnelReady'
  const { state, held, sinceMs } = record.reach
  if (state === 'heard') return { type, status: 'True', reason: 'Connected', message: 'the base answers' }
  if (state === 'silent')
    return { type, status: 'Unknown', reason: 'BaseSilent', message: 'the base does not answer though asked' }
  if (held)
    return {
      type,
      status: 'Unknown',
      reason: 'BasesSilentHeld',
      message: 'most bases are silent at once: the network is suspected',
    }
  const unknown: Verdict = { type, status: 'Unknown', reason: 'NotYetHeard', message: 'the base was not heard yet' }
  return nowMs - sinceMs < UNPROVEN_GRACE_MS ? (shown ?? unknown) : unknown
}

function memoryPressure({ record, prior }: ConditionFacts): Verdict {
  const type = 'MemoryPressure'
  const under = find(prior, type)?.status === 'True'
  const { metaspaceUsedBytes, metaspaceMaxBytes } = record.health ?? {}
  const shown = asShown(prior, type)
  if (!record.health && shown) return shown
  const share = metaspaceMaxBytes ? (metaspaceUsedBytes ?? 0) / metaspaceMaxBytes : 0
  return share >= (under ? PRESSURE_UNTIL : PRESSURE_FROM)
    ? { type, status: 'True', reason: 'MetaspaceLow', message: 'the metaspace of the base is nearly used up' }
    : { type, status: 'False', reason: 'MetaspaceSufficient', message: 'the base has metaspace left' }
}

const neverOn = (type: string, message: string): Verdict => ({
  type,
  status: 'False',
  reason: 'NotApplicable',
  message,
})

function verdicts(facts: ConditionFacts): readonly Verdict[] {
  return [
    ready(facts),
    memoryPressure(facts),
    neverOn('DiskPressure', 'a base has no disk of its own'),
    neverOn('PIDPressure', 'modules are no processes'),
    neverOn('NetworkUnavailable', 'modules share the network of their base'),
    tunnelReady(facts),
  ]
}

const wholeSecond = (ms: number): Date => new Date(Math.floor(ms / 1_000) * 1_000)

function stamped(verdict: Verdict, prior: readonly V1NodeCondition[], nowMs: number): V1NodeCondition {
  const before = find(prior, verdict.type)
  const since = before?.status === verdict.status ? before.lastTransitionTime : undefined
  return {
    ...verdict,
    lastHeartbeatTime: wholeSecond(nowMs),
    lastTransitionTime: since ?? wholeSecond(nowMs),
  }
}

/** The whole list: ours, and those of others as they stand. */
export function nodeConditions(facts: ConditionFacts): readonly V1NodeCondition[] {
  const ours = verdicts(facts).map(verdict => stamped(verdict, facts.prior, facts.nowMs))
  const types = new Set(ours.map(({ type }) => type))
  return [...ours, ...facts.prior.filter(({ type }) => !types.has(type))]
}

/** Times aside: those of the last look are no news. */
export function sameConditions(a: readonly V1NodeCondition[], b: readonly V1NodeCondition[]): boolean {
  return a.length === b.length && a.every(condition => sameCondition(condition, find(b, condition.type)))
}

const sameCondition = (a: V1NodeCondition, b: V1NodeCondition | undefined): boolean =>
  a.status === b?.status && a.reason === b.reason && a.message === b.message

/** When the passing of time alone changes a condition. */
export function conditionsDueInMs({ record, link, nowMs }: ConditionFacts): number | undefined {
  const linkDue = link.connected ? undefined : link.sinceMs + LINK_GRACE_MS - nowMs
  const unprovenDue = record.reach.state === 'unproven' ? record.reach.sinceMs + UNPROVEN_GRACE_MS - nowMs : undefined
  const due = [linkDue, unprovenDue].filter(ms => ms !== undefined && ms > 0)
  return due.length > 0 ? Math.min(...(due as number[])) : undefined
}
