/** The tunnel's plan for one base: its parts in their order. Each sees what those before it have noted. Pure. */
import type { Decision, TunnelFacts } from './facts.ts'
import { decideForeign, rememberCommands } from './foreign.ts'
import { decideGreeting } from './greeting.ts'
import { decideNoCommands } from './no-commands.ts'
import { decideOverdue } from './overdue.ts'
import { decidePolling } from './polling.ts'
import { decideReach } from './silence.ts'
import { decideSweep, decideUnclaimed } from './sweep.ts'

export interface Part {
  readonly name: string
  readonly decide: (facts: TunnelFacts) => Decision
}

export const PARTS: readonly Part[] = [
  { name: 'reach', decide: decideReach },
  { name: 'no-commands', decide: decideNoCommands },
  { name: 'overdue', decide: decideOverdue },
  { name: 'commanded', decide: rememberCommands },
  // Counts what a new snapshot shows, before `foreign` marks that snapshot as looked at.
  { name: 'unclaimed', decide: decideUnclaimed },
  { name: 'foreign', decide: decideForeign },
  { name: 'sweep', decide: decideSweep },
  { name: 'greeting', decide: decideGreeting },
  { name: 'polling', decide: decidePolling },
]
