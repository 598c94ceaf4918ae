/** The containers of one Pod come up one after the other, where it asks for that. Pure. */
import type { Claim } from '../claims.ts'
import { standingOf } from './standing.ts'
import type { NameFacts, Step } from './step.ts'

/** Only what comes up waits: what runs is left alone, and what ran before is put back at once. */
export function inOrder(facts: NameFacts, step: Step): Step {
  if (step.kind !== 'install' || step.again || step.tuple !== step.claim.tuple) return step
  // Pods that share the module: one that need not wait is enough.
  const group = facts.claims.groups.find(claims => claims.includes(step.claim)) ?? [step.claim]
  const first = group.map(claim => awaitedBy(facts, claim))
  return first.some(container => container === undefined)
    ? step
    : { kind: 'wait', why: `container ${first[0]} comes first` }
}

/** The container before, while its module is not active. A newer Pod may have taken its place: it never will be. */
function awaitedBy({ record, all, nowMs }: NameFacts, { after, podUid }: Claim): string | undefined {
  if (!after) return undefined
  const claims = all?.get(after.bizName)
  const before = claims?.groups.flat().find(claim => claim.podUid === podUid && claim.container === after.container)
  if (!claims || !before) return after.container
  const { kind } = standingOf({ record, claims, nowMs }, before)
  return kind === 'serving' || kind === 'superseded' ? undefined : after.container
}
