/** What a stage came to. */
export interface Tally {
  readonly passed: number
  /** By name, with what was wrong where that is known. */
  readonly failed: readonly string[]
  /** By name, with how to get what they lack. */
  readonly skipped: readonly string[]
}

export const NONE: Tally = { passed: 0, failed: [], skipped: [] }

export const add = (a: Tally, b: Tally): Tally => ({
  passed: a.passed + b.passed,
  failed: [...a.failed, ...b.failed],
  skipped: [...a.skipped, ...b.skipped],
})

/** A stage that is no test runner counts as one test. */
export const tallyOfCommand = (name: string, code: number): Tally =>
  code === 0 ? { ...NONE, passed: 1 } : { ...NONE, failed: [`${name}: ended with code ${code}`] }

/** The part of vitest's JSON report that we read. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages?: readonly string[] | null
    }[]
  }[]
}

const firstLine = (text: string | undefined): string => text?.trim().split('\n')[0]?.slice(0, 300) ?? ''

/**
 * A file that could not be run has no test that failed, a crash may leave no report, and an error outside any test only
 * shows in the exit code: none of these may pass for success.
 *
 * @param outside what was found wrong outside the tests, where that is known
 */
export function tallyOfVitest(
  stage: string,
  report: VitestReport | undefined,
  code: number,
  outside: readonly string[] = [],
): Tally {
  const ofTests = (report?.testResults ?? []).map(tallyOfFile).reduce(add, NONE)
  const seen = add(ofTests, { ...NONE, failed: outside.map(fault => `${stage}: ${fault}`) })
  const isEmpty = seen.passed + seen.failed.length + seen.skipped.length === 0
  if (seen.failed.length > 0 || (code === 0 && !isEmpty)) return seen
  const what = report && !isEmpty ? 'an error outside the tests' : 'no test was run'
  return add(seen, { ...NONE, failed: [`${stage}: ${what}, ended with code ${code}`] })
}

function tallyOfFile({ name, status, message, assertionResults }: VitestReport['testResults'][number]): Tally {
  const named = (wanted: readonly string[]): readonly (typeof assertionResults)[number][] =>
    assertionResults.filter(result => wanted.includes(result.status))
  const failed = named(['failed']).map(test => `${name} > ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`)
  return {
    passed: named(['passed']).length,
    failed: status === 'failed' && failed.length === 0 ? [`${name}: ${firstLine(message)}`] : failed,
    skipped: named(['pending', 'skipped', 'todo', 'disabled']).map(test => `${name} > ${test.fullName}`),
  }
}

export function verdictOf({ passed, failed, skipped }: Tally): string {
  if (failed.length > 0) return 'FAILED'
  return passed === 0 && skipped.length > 0 ? 'skipped' : 'passed'
}

/** In CI nobody reads why something was skipped. */
export const skipsFail = (tally: Tally): Tally => ({
  passed: tally.passed,
  failed: [...tally.failed, ...tally.skipped.map(skip => `skipped, which in CI is a failure: ${skip}`)],
  skipped: [],
})

/** Alone on its line, for people and for machines. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`
}
