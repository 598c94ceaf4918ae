/**
 * `npm run test:sim`: a thousand seeds that are always the same, two hundred that this code has never seen, each seed
 * that found something, two runs of one seed line by line, a crash at every write and command, and planted faults that must be seen.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FaultKind } from '../sim/faults/mix.ts'
import { MUTANTS } from '../sim/mutants/list.ts'
import { bundleSim, leanArgs, type Mutant } from '../sim/mutants/mutant.ts'
import { FOUND } from '../sim/seeds.ts'

const LANES = 2
const FIXED = 1_000
const FRESH = 200
/** So many in one process: each tells when it is done. */
const AT_ONCE = 100
const inTurn = (count: number): readonly number[] => Array.from({ length: count / AT_ONCE }, (_, at) => at * AT_ONCE)
/** What each needs to reach the rarest branches: commands that hang for minutes, and the dead that speak over a new connection. */
const LEANING: readonly (readonly FaultKind[])[] = [
  ['listPaged', 'listExpires', 'watchTooOld'],
  ['downloadHangs'],
  ['basePaused', 'operatorLinkCut'],
]
const LEAN_SEEDS = 20
const CRASH_SHARES = ['1/4', '2/4', '3/4', '4/4']

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

/** Rare branches that no part has reached so far; each part that plays many seeds names those that it did not reach. */
let unreached: readonly string[] | undefined

function noteMarks(text: string): void {
  const missing = [...text.matchAll(/^not reached: (.*)$/gm)].map(([, mark = '']) => mark)
  unreached = unreached?.filter(mark => missing.includes(mark)) ?? missing
}

async function judge(part: Part): Promise<boolean> {
  const { code, text } = await play(part)
  if (part.args.includes('--marks')) noteMarks(text)
  const [last = ''] = text.split('\n').filter(line => / seeds?, /.test(line))
  const ran = / seeds?, /.test(text)
  const ok = ran && (part.mustFail ? code !== 0 : code === 0)
  say(`${ok ? 'ok    ' : 'FAILED'} ${part.what}: ${last}`)
  if (!ok) say(part.mustFail ? `the planted fault was not seen by seed ${part.args[3]}` : text)
  return ok
}

/** Half of the worlds have web modules. */
const seeds = (what: string, file: string, from: number, count: number): Part => ({
  what,
  file,
  args: ['--seeds', String(count), '--from', String(from), '--shrink', '--marks'],
})

const oneSeed = (what: string, file: string, seed: number, by: Pick<Mutant, 'lean'>): Part => ({
  what,
  file,
  args: ['--seeds', '1', '--from', String(seed), ...leanArgs(by)],
})

type Known = Mutant & { readonly seed: number }
const isKnown = (mutant: Mutant): mutant is Known => mutant.seed !== undefined

const shrunk = (part: Part): Part => ({ ...part, args: [...part.args, '--shrink'] })

const plantedIn = async (mutant: Known): Promise<Part> => ({
  ...oneSeed(`planted: ${mutant.name}`, await bundleSim(mutant), mutant.seed, mutant),
  mustFail: true,
})

/** Others with each change of the code, and the same for the same code: what fails in CI fails again wherever it is looked for. */
async function freshSeeds(file: string): Promise<number> {
  const hash = createHash('sha256').update(await readFile(file))
  return 1_000_000 + Number.parseInt(hash.digest('hex').slice(0, 7), 16)
}

const sound = await bundleSim()
const fresh = await freshSeeds(sound)
const known = MUTANTS.filter(isKnown)
say(`fresh seeds from ${fresh}`)
const parts: Part[] = [
  ...inTurn(FRESH).map(at => seeds(`${AT_ONCE} fresh seeds from ${fresh + at}`, sound, fresh + at, AT_ONCE)),
  ...inTurn(FIXED).map(at => seeds(`seeds ${at + 1} to ${at + AT_ONCE}`, sound, at + 1, AT_ONCE)),
  ...CRASH_SHARES.map(share => ({
    what: `killed at every write and command, ${share}`,
    file: sound,
    args: ['--crashes', '1', '--share', share],
  })),
  ...LEANING.map(lean => {
    const part = seeds(`${LEAN_SEEDS} seeds of nothing but ${lean.join(' and ')}`, sound, 1, LEAN_SEEDS)
    return { ...part, args: [...part.args, ...leanArgs({ lean })] }
  }),
  { what: 'each seed twice, line by line', file: sound, args: ['--seeds', '10', '--from', '77', '--twice'] },
  ...FOUND.map(by => shrunk(oneSeed(by.found, sound, by.seed, by))),
  ...(await Promise.all(known.map(plantedIn))),
  // What objects to sound code as well sees nothing.
  ...known.filter(({ lean }) => lean).map(by => oneSeed(`nothing planted: ${by.name}`, sound, by.seed, by)),
]
const verdicts: boolean[] = []
async function lane(): Promise<void> {
  for (let part = parts.shift(); part; part = parts.shift()) verdicts.push(await judge(part))
}
await Promise.all(Array.from({ length: LANES }, lane))
say(`rare branches of the plans that no seed reached: ${unreached?.join('; ') || 'none'}`)
if (verdicts.includes(false)) process.exitCode = 1
