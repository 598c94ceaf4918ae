import { JOURNEYS_ON_JVMS } from './journeys-on-jvms.ts'

/** What `make test` runs, in order. */
export interface Stage {
  readonly name: string
  readonly what: string
  readonly command: readonly string[]
  /** Its own test files, where it is vitest: each test is counted. Any other stage counts as one test. */
  readonly covers?: (path: string) => boolean
  /** By name, what each of its files needs beside what it shows to need. */
  readonly needs?: string
  /** Needs nothing but Node and takes seconds: part of `make check`, beside the others that do. */
  readonly isFast: boolean
}

const isContract = (path: string): boolean => path.endsWith('.contract.test.ts')
const isJourney = (path: string): boolean => path.startsWith('e2e/cluster/')
const isFuzz = (path: string): boolean => path.startsWith('e2e/fuzz/')
const isChaos = (path: string): boolean => path.endsWith('.chaos.test.ts')
const isJava = (path: string): boolean => path.endsWith('.java.test.ts')
const isOnJvms = (path: string): boolean => isJava(path) || JOURNEYS_ON_JVMS.includes(path)

const command = (name: string, what: string, ...words: readonly string[]): Stage => ({
  name,
  what,
  command: words,
  isFast: true,
})
const vitest = (name: string, what: string, covers: (path: string) => boolean, isFast = false): Stage => ({
  name,
  what,
  command: ['vitest', 'run', '--project', name],
  covers,
  isFast,
})

export const CLUSTER = vitest('cluster', 'journeys on a real cluster', isJourney)

const JAVA_TESTS = vitest('java', 'real bases: contract, journeys and faults on JVMs', isOnJvms)
// Much of their time is waiting: for a base to be called silent, for a broker to stay away.
const JAVA: Stage = { ...JAVA_TESTS, command: [...JAVA_TESTS.command, '--maxWorkers', '3'], needs: 'java' }

// Two processes that calculate all the time: beside it, whatever waits for a moment would miss it.
const SIMULATION: Stage = {
  ...command('sim', 'simulation: seeds known and new, crashes everywhere, planted faults', 'tsx', 'e2e/runner/sim.ts'),
  isFast: false,
}

export const STAGES: readonly Stage[] = [
  command('format', 'format and lint', 'biome', 'check', '.'),
  command('typed-lint', 'lint that needs types', 'eslint', '.'),
  command('types', 'types', 'tsc', '-p', '.'),
  vitest(
    'unit',
    'unit and property tests, house rules',
    path => !isContract(path) && !isJourney(path) && !isJava(path) && !isChaos(path) && !isFuzz(path),
    true,
  ),
  vitest('fuzz', 'hostile input and floods', isFuzz),
  SIMULATION,
  vitest('contract', 'contract suites: real broker, real control plane', isContract),
  CLUSTER,
  vitest('chaos', 'chaos on real parts: one round', isChaos),
  JAVA,
]
