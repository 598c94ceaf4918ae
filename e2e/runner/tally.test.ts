import { expect, test } from 'vitest'
import {
  add,
  closingLine,
  NONE,
  skipsFail,
  tallyOfCommand,
  tallyOfVitest,
  type VitestReport,
  verdictOf,
} from './tally.ts'

const reportOf = (...statuses: readonly string[]): VitestReport => ({
  testResults: [
    {
      name: 'a.test.ts',
      status: statuses.includes('failed') ? 'failed' : 'passed',
      assertionResults: statuses.map((status, index) => ({
        fullName: `case ${index}`,
        status,
        failureMessages: status === 'failed' ? ['expected 1 to be 2\n  at a.test.ts:3'] : [],
      })),
    },
  ],
})

test('each test counts, and a failure is told with its first line', () => {
  const tally = tallyOfVitest('unit', reportOf('passed', 'failed', 'passed', 'pending'), 1)
  expect(tally.failed).toEqual(['a.test.ts > case 1: expected 1 to be 2'])
  expect(closingLine(tally)).toBe('2 passed, 1 failed, 1 skipped')
})

test('without skips the line does not speak of them', () => {
  expect(closingLine(tallyOfVitest('unit', reportOf('passed'), 0))).toBe('1 passed, 0 failed')
})

test.each([
  ['a crash without a report', undefined, 134],
  ['a crash that looks like success', undefined, 0],
  ['an error outside the tests', reportOf('passed'), 1],
  ['no test at all', { testResults: [] }, 0],
  ['a file that cannot be loaded', { testResults: [{ name: 'a', status: 'failed', assertionResults: [] }] }, 1],
])('%s is one failure', (_what, report, code) => {
  expect(tallyOfVitest('unit', report, code).failed).toHaveLength(1)
})

test('what was found wrong outside the tests is told as it was said', () => {
  const tally = tallyOfVitest('cluster', reportOf('passed'), 1, ['granted and never used: get pods'])
  expect(tally).toMatchObject({ passed: 1, failed: ['cluster: granted and never used: get pods'] })
})

test('a command counts as one test', () => {
  expect(closingLine(add(tallyOfCommand('types', 0), tallyOfCommand('lint', 2)))).toBe('1 passed, 1 failed')
})

test('what ran nothing has not passed', () => {
  expect(verdictOf({ ...NONE, skipped: ['a'] })).toBe('skipped')
  expect(verdictOf({ passed: 1, failed: [], skipped: ['a'] })).toBe('passed')
  expect(verdictOf({ passed: 1, failed: ['b'], skipped: ['a'] })).toBe('FAILED')
})

test('in CI a skip is a failure that says why', () => {
  const tally = skipsFail({ ...NONE, passed: 3, skipped: ['mosquitto is not here'] })
  expect(closingLine(tally)).toBe('3 passed, 1 failed')
  expect(tally.failed[0]).toContain('mosquitto is not here')
})
