/** Several operators in one world: `--seed n` line by line, or many seeds (`--seeds`, `--from`); `--replicas` fixes how many. */
import { parseArgs } from 'node:util'
import { Tally } from '../tally.ts'
import { legend } from '../trace.ts'
import { type ReplicasWanted, replicaPlanOf } from './replica-plan.ts'
import { type ReplicaResult, runReplicas } from './run-replicas.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    replicas: { type: 'string' },
    /** `all` or `none`: whether there are web modules is not drawn. */
    web: { type: 'string' },
    /** Seconds: then no other seed is begun. */
    within: { type: 'string' },
  },
})
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const wanted: ReplicasWanted = {
  replicas: Number(values.replicas) || undefined,
  ...(values.web && { web: values.web === 'all' }),
}
const endsAtMs =
  performance.now() + (values.within === undefined ? Number.POSITIVE_INFINITY : Number(values.within) * 1_000)

const verdictOf = ({ violations, settledAfterMs }: ReplicaResult): string =>
  violations.length === 0
    ? `sound, settled ${settledAfterMs} ms after it was healed`
    : violations.map(({ oracle, what }) => `${oracle}: ${what}`).join('\n')

async function replay(seed: number): Promise<void> {
  const plan = replicaPlanOf(seed, wanted)
  say(`seed ${seed}: ${JSON.stringify(plan)}\n${legend()}\n`)
  const result = await runReplicas(plan, say)
  say(`\n${verdictOf(result)}`)
  if (result.violations.length > 0) process.exitCode = 1
}

async function many(count: number, from: number): Promise<void> {
  const tally = new Tally(() => performance.now())
  for (let seed = from; seed < from + count && performance.now() < endsAtMs; seed++) {
    const result = await runReplicas(replicaPlanOf(seed, wanted))
    tally.add(result)
    if (result.violations.length === 0) continue
    process.exitCode = 1
    say(`seed ${seed}: ${verdictOf(result)}`)
  }
  say(tally.text)
}

if (values.seed !== undefined) await replay(Number(values.seed))
else await many(Number(values.seeds ?? 100), Number(values.from ?? 1))
