/**
 * `npm run test:sim`: a thousand seeds that are always the same, two hundred that this code has never seen, each seed
 * that found something, two runs of one seed line by line, a crash at every write and command, and planted faults that must be seen.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { MUTANTS } from '../sim/mutants/list.ts'
import { bundleSim, type Mutant } from '../sim/mutants/mutant.ts'
import { FOUND } from '../sim/seeds.ts'

const LANES = 2
/** A machine that is busy with other things plays fewer seeds, and says so. */
const SEEDS_WITHIN_SECONDS = 480
const FIXED = 1_000
const FRESH = 200
const PLANTED = 10

interface Part {
  readonly what: string
  readonly file: string
  readonly args: readonly string[]
  /** It has to find something. */
  readonly mustFail?: true
}

function play({ file, args }: Part): Promise<{ readonly code: number; readonly text: string }> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  return new Promise(resolve => child.once('close', code => resolve({ code: code ?? 1, text })))
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function judge(part: Part): Promise<boolean> {
  const { code, text } = await play(part)
  const [last = ''] = text.trim().split('\n').slice(-1)
  const ran = / seeds?, /.test(text)
  const ok = ran && (part.mustFail ? code !== 0 : code === 0)
  say(`${ok ? 'ok    ' : 'FAILED'} ${part.what}: ${last}`)
  if (!ok) say(part.mustFail ? `the planted fault was not seen by seed ${part.args[3]}` : text)
  return ok
}

const seeds = (what: string, file: string, from: number, count: number): Part => ({
  what,
  file,
  args: ['--seeds', String(count), '--from', String(from), '--shrink', '--within', String(SEEDS_WITHIN_SECONDS)],
})

const plantedIn = async (mutant: Mutant): Promise<Part> => ({
  what: `planted: ${mutant.name}`,
  file: await bundleSim(mutant),
  args: ['--seeds', '1', '--from', String(mutant.seed)],
  mustFail: true,
})

/** Others with each change of the code, and the same for the same code: what fails in CI fails again wherever it is looked for. */
async function freshSeeds(file: string): Promise<number> {
  const hash = createHash('sha256').update(await readFile(file))
  return 1_000_000 + Number.parseInt(hash.digest('hex').slice(0, 7), 16)
}

const sound = await bundleSim()
const fresh = await freshSeeds(sound)
const known = MUTANTS.filter(({ seed }) => seed !== undefined).slice(0, PLANTED)
say(`fresh seeds from ${fresh}`)
const half = FIXED / 2
const parts: Part[] = [
  seeds(`seeds 1 to ${half}`, sound, 1, half),
  seeds(`seeds ${half + 1} to ${FIXED}`, sound, half + 1, half),
  seeds(`fresh seeds from ${fresh}`, sound, fresh, FRESH),
  { what: 'killed at every write and command', file: sound, args: ['--crashes', '1', '--within', '120'] },
  { what: 'each seed twice, line by line', file: sound, args: ['--seeds', '10', '--from', '77', '--twice'] },
  ...FOUND.map(({ seed, found }) => seeds(found, sound, seed, 1)),
  ...(await Promise.all(known.map(plantedIn))),
]
const verdicts: boolean[] = []
async function lane(): Promise<void> {
  for (let part = parts.shift(); part; part = parts.shift()) verdicts.push(await judge(part))
}
await Promise.all(Array.from({ length: LANES }, lane))
if (verdicts.includes(false)) process.exitCode = 1
