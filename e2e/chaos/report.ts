import { loadAverage } from '../bench/sample.ts'
import type { ChaosResult } from './run.ts'

const worst = (values: readonly number[]): string => `${(Math.max(0, ...values) / 1_000).toFixed(1)} s`

const FAULTS = [
  'broker killed',
  'API server killed',
  'operator killed',
  'operator frozen',
  'link: cut',
  'link: black hole',
  'link: delay',
  'link: throttle',
  'link: garble',
]

/** One figure a line; the last one is the verdict. */
export async function reportOf({ journal, rounds, userActions }: ChaosResult, seed: number): Promise<string> {
  const injected = FAULTS.map(kind => `${kind} ${journal.counted(kind)}`).join(', ')
  const sent = `${journal.counted('installBiz')} installs, ${journal.counted('uninstallBiz')} uninstalls`
  const converged = worst(rounds.map(({ convergedMs }) => convergedMs))
  const basesBack = worst(rounds.map(({ basesBackMs }) => basesBackMs))
  const found = journal.violations.slice(0, 20).map(({ kind, what }) => `  ${kind}: ${what}`)
  return [
    `seed ${seed}: ${rounds.length} rounds, load ${await loadAverage()}`,
    `faults injected: ${rounds.reduce((sum, { faults }) => sum + faults, 0)} (${injected})`,
    `users did: ${userActions} things`,
    `commands that reached bases: ${sent}`,
    `duplicates ${journal.found('duplicate')}, lost ${journal.found('lost')}`,
    `uninstalled though claimed ${journal.found('claimed')}, deleted blindly ${journal.found('blind')}`,
    `worst convergence: ${converged}, from when all bases had their connection back (${basesBack} after healing at most)`,
    ...found,
    journal.violations.length === 0 ? 'all promises held' : `${journal.violations.length} times a promise was broken`,
  ].join('\n')
}
