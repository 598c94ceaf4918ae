import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { showProgress } from '../control-plane/progress.ts'
import { NEEDS, testFiles, unmetNeeds } from './needs.ts'
import type { Stage } from './stages.ts'
import { add, NONE, type Tally, tallyOfCommand, tallyOfVitest, type VitestReport, verdictOf } from './tally.ts'

export const ROOT = join(import.meta.dirname, '..', '..')

export interface StageRun {
  /** Stages that run side by side print when they are done; one alone prints as it goes. */
  readonly isAlone: boolean
  /** Where its temporary files go. */
  readonly folder?: string
}

interface Ended {
  readonly code: number
  readonly output: string
}

/** Names the file into which whoever finds something wrong outside the tests writes it, one line each. */
export const OUTSIDE_FAULTS = 'KOUPLELESS_TEST_OUTSIDE_FAULTS'

const faultsFile = (folder: string): string => join(folder, 'outside-faults.txt')

const environment = (folder: string | undefined): NodeJS.ProcessEnv => ({
  ...process.env,
  ...(folder ? { TMPDIR: folder, [OUTSIDE_FAULTS]: faultsFile(folder) } : {}),
  PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`,
})

function execute(words: readonly string[], { isAlone, folder }: StageRun): Promise<Ended> {
  const [program = '', ...args] = words
  const output = isAlone ? 'inherit' : 'pipe'
  const child = spawn(program, args, { cwd: ROOT, env: environment(folder), stdio: ['ignore', output, output] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return new Promise(resolve => {
    child.once('error', error => resolve({ code: 127, output: String(error) }))
    child.once('close', code => resolve({ code: code ?? 1, output: text }))
  })
}

/** Runs one stage, prints what it said, and counts. Never throws: what goes wrong is a failure of that stage. */
export async function runStage(stage: Stage, run: StageRun): Promise<Tally> {
  const begun = Date.now()
  process.stdout.write(run.isAlone ? `\n=== ${stage.what}\n` : `=== ${stage.what} …\n`)
  const progress = run.isAlone ? undefined : showProgress(stage.what)
  const tally = await (stage.covers ? runVitest(stage, run) : runCommand(stage, run)).catch(
    (error: unknown): Tally => ({ ...NONE, failed: [`${stage.name}: ${String(error)}`] }),
  )
  progress?.[Symbol.dispose]()
  const seconds = Math.round((Date.now() - begun) / 1_000)
  process.stdout.write(`=== ${stage.what}: ${verdictOf(tally)} in ${seconds} s\n`)
  return tally
}

async function runCommand(stage: Stage, run: StageRun): Promise<Tally> {
  const { code, output } = await execute(stage.command, run)
  if (code !== 0) process.stdout.write(output)
  return tallyOfCommand(stage.name, code)
}

async function runVitest(stage: Stage, run: StageRun): Promise<Tally> {
  const files = testFiles(ROOT).filter(({ path }) => stage.covers?.(path))
  const unmet = await unmetNeeds(files, NEEDS, stage.needs)
  const left: Tally = { ...NONE, skipped: unmet.why }
  if (files.length > 0 && unmet.files.length === files.length) return left
  const folder = await mkdtemp(join(tmpdir(), 'koupleless-test-'))
  const ran = await vitestIn(folder, stage, run, unmet.files)
  // Logs of operators and servers that a failed test may have left.
  if (ran.failed.length > 0) process.stdout.write(`=== ${stage.what}: what it left is in ${folder}\n`)
  else await rm(folder, { recursive: true, force: true })
  return add(left, ran)
}

async function vitestIn(folder: string, stage: Stage, run: StageRun, without: readonly string[]): Promise<Tally> {
  const file = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const excluded = without.flatMap(path => ['--exclude', path])
  const { code, output } = await execute([...stage.command, ...reporters, ...excluded], { ...run, folder })
  process.stdout.write(output)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const report = text === undefined ? undefined : (JSON.parse(text.replaceAll(`${ROOT}/`, '')) as VitestReport)
  const outside = await readFile(faultsFile(folder), 'utf8').catch(() => '')
  return tallyOfVitest(
    stage.name,
    report,
    code,
    outside.split('\n').filter(line => line !== ''),
  )
}
