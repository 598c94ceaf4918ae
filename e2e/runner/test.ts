/** `npm test`: every stage in order; ends with one line `N passed, N failed`. `--fast` runs what `make check` runs. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { STAGES, type Stage } from './stages.ts'

interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}
const NONE: Tally = { passed: 0, failed: 0, skipped: 0 }
const add = (a: Tally, b: Tally): Tally => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})
const IN_CI = process.env.CI === 'true'

function run(command: readonly string[]): Promise<number> {
  const [program = '', ...args] = command
  return new Promise(resolve => {
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', () => resolve(127))
    child.once('exit', code => resolve(code ?? 1))
  })
}

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly numFailedTestSuites: number
}

/** A file that could not be run has no tests that failed; a crash has no report: neither may pass for success. */
async function tallyOf(report: string, code: number): Promise<Tally> {
  const text = await readFile(report, 'utf8').catch(() => undefined)
  if (text === undefined) return { ...NONE, failed: 1 }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(text) as VitestReport
  const skipped = numPendingTests + numTodoTests
  const unexplained = code !== 0 && numFailedTests === 0 ? 1 : 0
  return {
    passed: numPassedTests,
    failed: numFailedTests + unexplained + (IN_CI ? skipped : 0),
    skipped: IN_CI ? 0 : skipped,
  }
}

async function runStage(stage: Stage, folder: string): Promise<Tally> {
  const begun = Date.now()
  process.stdout.write(`\n=== ${stage.what}\n`)
  const report = join(folder, `${stage.name}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await run(stage.vitest ? [...stage.command, ...reporters] : stage.command)
  const tally = stage.vitest
    ? await tallyOf(report, code)
    : code === 0
      ? { ...NONE, passed: 1 }
      : { ...NONE, failed: 1 }
  const seconds = Math.round((Date.now() - begun) / 1_000)
  process.stdout.write(`=== ${stage.what}: ${tally.failed === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`)
  return tally
}

async function main(): Promise<void> {
  const fast = process.argv.includes('--fast')
  const folder = await mkdtemp(join(tmpdir(), 'koupleless-test-'))
  let total = NONE
  for (const stage of STAGES) if (!fast || stage.fast) total = add(total, await runStage(stage, folder))
  await rm(folder, { recursive: true, force: true })
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`)
  process.exitCode = total.failed === 0 ? 0 : 1
}

await main()
