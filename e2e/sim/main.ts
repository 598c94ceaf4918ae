/**
 * One seed, told line by line (`--seed`), or many, told by what they found (`--seeds`, `--from`). A run that fails is made small
 * and printed as a plan, which `--plan` plays.
 */
import { parseArgs } from 'node:util'
import { crashEverywhere } from './crash-points.ts'
import { FAULT_KINDS, FAULTS, type FaultKind } from './faults/mix.ts'
import { Marks } from './marks.ts'
import { churn } from './memory.ts'
import { type RunResult, runPlan } from './run.ts'
import { planOf, type RunPlan, type Wanted } from './run-plan.ts'
import { shrink } from './shrink.ts'
import { Tally } from './tally.ts'
import { legend } from './trace.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    plan: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    /** `jarBroken,frameLost`: no other faults than these, and hard. */
    lean: { type: 'string' },
    /** `all` or `none`: whether there are web modules is not drawn. */
    web: { type: 'string' },
    /** Each seed once more: the two must be one run, line by line. */
    twice: { type: 'boolean' },
    /** Stop at the first that fails. */
    until: { type: 'boolean' },
    shrink: { type: 'boolean' },
    /** Seconds: then no other seed is begun, and the last line tells how many were. */
    within: { type: 'string' },
    /** Names the rare branches that no seed has reached. */
    marks: { type: 'boolean' },
    /** Simulated days of bases that come and go. */
    memory: { type: 'string' },
    /** Kill the operator at every write and every command of one calm run. */
    crashes: { type: 'string' },
    /** `2/3`: the second third of those places. */
    share: { type: 'string' },
  },
})
const say = (text: string): void => void process.stdout.write(`${text}\n`)

function shown({ mix, faultyMs, bases, workloads, steps, web }: RunPlan): string {
  const faults = (Object.entries(mix) as [FaultKind, number][])
    .map(([kind, rate]) => `${kind} ${rate.toPrecision(2)}/${FAULTS[kind].per}`)
    .join(', ')
  const what = `${bases} bases, ${workloads} workloads${web ? ', web modules' : ''}, ${steps} steps`
  return `${what}, ${Math.round(faultyMs / 1_000)} s of: ${faults || 'nothing'}`
}

const verdictOf = ({ violations, settledAfterMs }: RunResult): string =>
  violations.length === 0
    ? `sound, settled ${settledAfterMs} ms after it was healed`
    : violations.map(({ oracle, what }) => `${oracle}: ${what}`).join('\n')

async function replay(plan: RunPlan): Promise<void> {
  say(`seed ${plan.seed}: ${shown(plan)}\n${legend()}\n`)
  const result = await runPlan(plan, { trace: say })
  say(`\n${verdictOf(result)}`)
  process.exitCode = result.violations.length > 0 ? 1 : 0
  const [first] = result.violations
  if (first && values.shrink) await tellSmall(plan, first.oracle)
}

async function tellSmall(plan: RunPlan, oracle: string): Promise<void> {
  const small = await shrink(plan, oracle)
  say(`  smaller: ${shown(small)}\n  make sim PLAN='${JSON.stringify(small)}'`)
}

async function linesOf(plan: RunPlan): Promise<string> {
  const lines: string[] = []
  await runPlan(plan, { trace: line => void lines.push(line) })
  return lines.join('\n')
}

async function tellTwice(plan: RunPlan): Promise<void> {
  const first = await linesOf(plan)
  const second = await linesOf(plan)
  if (first === second) return
  say(`seed ${plan.seed}: two runs of it are not the same`)
  process.exitCode = 1
}

/** A seed alone tells its plan; what was asked for beside it has to be said again. */
const again = (seed: number): string =>
  values.web === undefined
    ? `make sim SEED=${seed}${values.lean === undefined ? '' : ` LEAN=${values.lean}`}`
    : `make sim PLAN='${JSON.stringify(planOf(seed, wanted))}'`

/** True: enough. */
async function tellFailed({ plan, violations }: RunResult): Promise<boolean> {
  const [first] = violations
  if (!first) return false
  say(`seed ${plan.seed}: ${first.oracle}: ${first.what}\n  ${again(plan.seed)}`)
  process.exitCode = 1
  if (values.shrink) await tellSmall(plan, first.oracle)
  return values.until ?? false
}

function leanOf(text: string | undefined): readonly FaultKind[] {
  const wanted = text?.split(',') ?? []
  const unknown = wanted.find(kind => !FAULT_KINDS.some(known => known === kind))
  if (unknown !== undefined) throw new Error(`there is no fault "${unknown}"; there are: ${FAULT_KINDS.join(', ')}`)
  return FAULT_KINDS.filter(kind => wanted.includes(kind))
}

const wanted: Wanted = { lean: leanOf(values.lean), ...(values.web && { web: values.web === 'all' }) }
const endsAtMs = performance.now() + Number(values.within ?? 1e6) * 1_000
const isTimeLeft = (): boolean => performance.now() < endsAtMs

async function many(count: number, from: number): Promise<void> {
  const marks = new Marks()
  const tally = new Tally(() => performance.now())
  for (let seed = from; seed < from + count && isTimeLeft(); seed++) {
    const plan = planOf(seed, wanted)
    const result = await runPlan(plan, { marks })
    tally.add(result)
    if (values.twice) await tellTwice(plan)
    if (await tellFailed(result)) break
  }
  say(tally.text)
  if (values.marks) for (const mark of marks.missing) say(`not reached: ${mark}`)
}

async function crashes(seed: number): Promise<void> {
  const tally = new Tally(() => performance.now())
  const [from = 1, of = 1] = (values.share ?? '1/1').split('/').map(Number)
  for await (const result of crashEverywhere(seed, { from, of })) {
    tally.add(result)
    if (!isTimeLeft()) break
    const [first] = result.violations
    if (!first) continue
    process.exitCode = 1
    say(`${first.oracle}: ${first.what}\n  make sim PLAN='${JSON.stringify(result.plan)}'`)
    if (values.until) break
  }
  say(tally.text)
}

async function memory(days: number): Promise<void> {
  const { before, after, bases, releases } = await churn(days, (day, kept) =>
    say(`day ${day}: ${JSON.stringify(kept)}`),
  )
  say(`${bases} bases and ${releases} releases in ${days} simulated days`)
  say(`before: ${JSON.stringify(before)}\nafter:  ${JSON.stringify(after)}`)
  const grown = (Object.keys(before) as (keyof typeof before)[]).filter(what => after[what] > before[what])
  for (const what of grown) say(`grown: ${what}`)
  if (grown.length > 0) process.exitCode = 1
}

if (values.memory !== undefined) await memory(Number(values.memory))
else if (values.plan !== undefined) await replay(JSON.parse(values.plan) as RunPlan)
else if (values.crashes !== undefined) await crashes(Number(values.crashes))
else if (values.seed !== undefined) await replay(planOf(Number(values.seed), wanted))
else await many(Number(values.seeds ?? 100), Number(values.from ?? 1))
