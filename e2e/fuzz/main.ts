/** `make fuzz`: knocks at one door, or at each in turn, for some minutes; what breaks one is made small and kept. */
import { Command } from 'commander'
import { keep } from './corpus.ts'
import { DOORS } from './doors.ts'
import { fuzz, type Tally } from './fuzz.ts'

const BATCH = 500
const TELL_EVERY_MS = 2_000

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Of many inputs that break one promise one is enough. */
const kindOf = (why: string): string =>
  why.startsWith('it throws') ? why.replace(/"[^"]*"|'[^']*'/g, '') : (why.split(': ')[0] ?? why)

async function fuzzFor(name: string, ms: number, seed: number): Promise<number> {
  const door = DOORS.find(one => one.name === name)
  if (!door) throw new Error(`no door ${name}: there are ${DOORS.map(one => one.name).join(', ')}`)
  const endsAtMs = Date.now() + ms
  const tally: Tally = new Map()
  const told = new Set<string>()
  let [tried, tellAtMs] = [0, Date.now() + TELL_EVERY_MS]
  say(`${name}: ${door.what}, from seed ${seed}`)
  for (let at = seed; Date.now() < endsAtMs; at++) {
    const { failure, tried: runs } = await fuzz(door, { seed: at, runs: BATCH, tally })
    tried += runs
    if (failure && !told.has(kindOf(failure.why))) {
      told.add(kindOf(failure.why))
      say(`BROKEN by seed ${at}: ${failure.why}\n  kept as ${keep(name, failure)}`)
    }
    if (Date.now() < tellAtMs) continue
    tellAtMs = Date.now() + TELL_EVERY_MS
    const outcomes = [...tally].map(([outcome, count]) => `${outcome} ${count}`).join(', ')
    say(`${name}: ${tried} inputs, ${told.size} broke it; ${outcomes}`)
  }
  say(`${name}: ${tried} inputs, ${told.size} broke it`)
  return told.size
}

const { door, minutes, seed } = new Command('fuzz')
  .option('--door <name>', 'one door; else each in turn', '')
  .option('--minutes <number>', 'at each door', Number, 1)
  .option('--seed <number>', 'where to begin', Number, Date.now() % 1_000_000_000)
  .parse()
  .opts<{ door: string; minutes: number; seed: number }>()

let broken = 0
for (const name of door === '' ? DOORS.map(one => one.name) : [door])
  broken += await fuzzFor(name, minutes * 60_000, seed)
if (broken > 0) process.exitCode = 1
