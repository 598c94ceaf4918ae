/** Before a module is stopped its Pods leave their Services, for as long as they ask. Pure. */
import { bizKey } from '../../mqtt-bridge/index.ts'
import { upVersions } from '../registry/web-modules.ts'
import type { NameFacts, Step } from './step.ts'

/** The longest wait that a Pod of this name asks for, one being deleted included. */
function drainMs({ groups, leaving }: NameFacts['claims']): number {
  return Math.max(0, ...[...groups.flat(), ...leaving].map(claim => claim.drainMs))
}

/** It stops what serves. A version that a newer one has superseded serves nobody. */
function stopsServing({ record, claims }: NameFacts, step: Step): boolean {
  const up = upVersions(record, claims.bizName)
  if (step.kind === 'install') return step.strategy === 'uninstallThenInstall' && up.length > 0
  if (step.kind !== 'uninstall') return false
  return up.length === 1 && up.some(({ name, version }) => bizKey(name, version) === bizKey(step.name, step.version))
}

export function drainedFirst(facts: NameFacts, step: Step): Step {
  const { record, claims, nowMs } = facts
  const ms = drainMs(claims)
  if (ms === 0 || !stopsServing(facts, step)) return step
  const sinceMs = record.drains.get(claims.bizName)
  if (sinceMs === undefined) return { kind: 'drain', name: claims.bizName, why: `${step.why}, after its Services` }
  const untilMs = sinceMs + ms
  return untilMs > nowMs
    ? { kind: 'wait', untilMs, isDraining: true, why: `leaving its Services first: ${step.why}` }
    : step
}

/** Nothing is to be stopped any more: its Pods come back. */
export function isDrainOver({ record, claims }: NameFacts, step: Step): boolean {
  if (!record.drains.has(claims.bizName)) return false
  const isUnderWay = [...record.flights.values()].some(({ name }) => name === claims.bizName)
  const goesOn = step.kind === 'wait' ? step.isDraining === true : step.kind !== 'settled'
  return !isUnderWay && !goesOn
}
