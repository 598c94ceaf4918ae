/** What `make test` and `make check` run, in order. */
export interface Stage {
  readonly name: string
  readonly what: string
  readonly command: readonly string[]
  /** A vitest stage reports each of its tests; any other counts as one. */
  readonly vitest: boolean
  /** Needs nothing but Node and takes seconds: part of `make check`. */
  readonly fast: boolean
}

const vitest = (project: string, what: string, fast: boolean): Stage => ({
  name: project,
  what,
  command: ['npx', 'vitest', 'run', '--project', project],
  vitest: true,
  fast,
})

export const STAGES: readonly Stage[] = [
  { name: 'format', what: 'format and lint', command: ['npx', 'biome', 'ci', '.'], vitest: false, fast: true },
  { name: 'typed-lint', what: 'lint that needs types', command: ['npx', 'eslint', '.'], vitest: false, fast: true },
  { name: 'types', what: 'types', command: ['npx', 'tsc', '-p', '.'], vitest: false, fast: true },
  vitest('unit', 'unit and property tests, house rules', true),
  vitest('contract', 'contract suites with real brokers and a real control plane', false),
  vitest('cluster', 'journeys on a real control plane', false),
]
