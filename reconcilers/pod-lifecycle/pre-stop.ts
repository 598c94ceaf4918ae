/** The last Pod of a module goes: what it asks for before its module is stopped is done first. Pure. */
import { bizKey } from '../../mqtt-bridge/index.ts'
import type { Claim } from '../claims.ts'
import type { Note } from '../registry/notes.ts'
import { isUp } from '../registry/web-modules.ts'
import type { NameFacts, Step } from './step.ts'

type Uninstall = Extract<Step, { kind: 'uninstall' }>

/** Each is begun once, so that an uninstall that is sent again does not wait again. */
export function preStopFirst(facts: NameFacts, step: Step): Step {
  if (step.kind !== 'uninstall' || !isServing(facts, step)) return step
  const { preStops } = facts.record
  const asking = hooksOf(facts, step)
  const claims = asking.filter(({ id }) => !preStops.has(id))
  if (claims.length > 0) return { kind: 'preStop', claims, why: `${step.why}, after its preStop` }
  const untilMs = Math.max(0, ...asking.map(({ id }) => preStops.get(id) ?? 0))
  return untilMs > facts.nowMs ? { kind: 'wait', untilMs, why: `its preStop comes first: ${step.why}` } : step
}

/** Sent for Pods that go: what else is uninstalled (a trial, what is broken or superseded) was asked for by nobody. */
const hooksOf = ({ claims }: NameFacts, { claim, version }: Uninstall): readonly Claim[] =>
  claim === undefined ? [] : claims.leaving.filter(({ preStopMs, tuple }) => preStopMs > 0 && tuple.version === version)

function isServing({ record }: NameFacts, { name, version }: Uninstall): boolean {
  const biz = record.bizs.get(bizKey(name, version))
  return biz !== undefined && isUp(record, biz)
}

export const preStopNotes = (step: Step, nowMs: number): readonly Note[] =>
  step.kind === 'preStop'
    ? step.claims.map(({ id, preStopMs }) => ({ kind: 'preStop', claim: id, untilMs: nowMs + preStopMs }))
    : []
