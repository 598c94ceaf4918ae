/**
 * `make sim-mutants`: plants each fault in turn and looks for a seed that sees it. `--only pattern`, `--seeds n`; `--within s`
 * ends the search for one after so many seconds. Fails where one escapes.
 */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { MUTANTS } from './list.ts'
import { bundleSim, leanArgs, type Mutant } from './mutant.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    lanes: { type: 'string' },
    within: { type: 'string' },
  },
})
const SEEDS = values.seeds ?? '2000'
const FROM = values.from ?? '1'
const WITHIN_SECONDS = Number(values.within ?? 3_600)
/** Some make a run go on for ever. */
const GRACE_MS = 60_000

function output(file: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  const patience = setTimeout(() => child.kill('SIGKILL'), WITHIN_SECONDS * 1_000 + GRACE_MS)
  return new Promise(resolve =>
    child.once('close', () => {
      clearTimeout(patience)
      resolve(child.signalCode === 'SIGKILL' ? 'seed unknown: it never ended; 1 seeds, 1 hung' : text)
    }),
  )
}

/** The first line of what it found. */
async function hunt(mutant: Mutant): Promise<string | undefined> {
  const file = await bundleSim(mutant)
  const span = ['--seeds', SEEDS, '--from', FROM, '--until', '--within', String(WITHIN_SECONDS)]
  const text = await output(file, [...span, ...leanArgs(mutant)])
  if (!text.includes(' seeds, ')) throw new Error(`mutant "${mutant.name}" does not run:\n${text.slice(0, 2_000)}`)
  const [found, seed = ''] = /^seed (\d+): .*/m.exec(text) ?? []
  return found !== undefined && (await isSound(seed, mutant)) ? found : undefined
}

/** What objects to sound code as well sees nothing. */
async function isSound(seed: string, mutant: Mutant): Promise<boolean> {
  const text = await output(SOUND, ['--seeds', '1', '--from', seed, ...leanArgs(mutant)])
  if (text.includes(' 0 failed')) return true
  process.stdout.write(`seed ${seed} objects to sound code, too:\n${text}`)
  return false
}

const SOUND = await bundleSim()
const waiting = MUTANTS.filter(({ name }) => new RegExp(values.only ?? '').test(name))
const count = waiting.length
let escaped = 0
const SOUGHT = `not by ${SEEDS} seeds from ${FROM}, or within ${WITHIN_SECONDS} s`

async function lane(): Promise<void> {
  for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
    const found = await hunt(mutant)
    if (found === undefined) escaped += 1
    process.stdout.write(`${found === undefined ? 'ESCAPED' : 'caught '} ${mutant.name}: ${found ?? SOUGHT}\n`)
  }
}
await Promise.all(Array.from({ length: Number(values.lanes ?? 2) }, lane))
process.stdout.write(`${count - escaped} of ${count} caught\n`)
process.exitCode = escaped > 0 ? 1 : 0
