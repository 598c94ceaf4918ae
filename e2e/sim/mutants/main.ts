/** `make sim-mutants`: plants each fault in turn and looks for a seed that sees it. `--only pattern`, `--seeds n`. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { MUTANTS } from './list.ts'
import { bundleSim, type Mutant } from './mutant.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, seeds: { type: 'string' }, from: { type: 'string' }, lanes: { type: 'string' } },
})
const SEEDS = values.seeds ?? '2000'
const FROM = values.from ?? '1'

function output(file: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  return new Promise(resolve => child.once('close', () => resolve(text)))
}

/** The first line of what it found. */
async function hunt(mutant: Mutant): Promise<string | undefined> {
  const file = await bundleSim(mutant)
  const text = await output(file, ['--seeds', SEEDS, '--from', FROM, '--until'])
  if (!text.includes(' seeds, ')) throw new Error(`mutant "${mutant.name}" does not run:\n${text.slice(0, 2_000)}`)
  return /^seed \d+: .*/m.exec(text)?.[0]
}

const waiting = MUTANTS.filter(({ name }) => new RegExp(values.only ?? '').test(name))
const count = waiting.length
let escaped = 0
async function lane(): Promise<void> {
  for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
    const found = await hunt(mutant)
    if (found === undefined) escaped += 1
    process.stdout.write(
      `${found === undefined ? 'ESCAPED' : 'caught '} ${mutant.name}: ${found ?? `${SEEDS} seeds`}\n`,
    )
  }
}
await Promise.all(Array.from({ length: Number(values.lanes ?? 2) }, lane))
process.stdout.write(`${count - escaped} of ${count} caught\n`)
process.exitCode = escaped > 0 ? 1 : 0
