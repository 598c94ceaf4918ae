/** Plays one plan of several operators from its first moment to the end, with all oracles watching. */
import { scheduleFaults } from '../faults/schedule.ts'
import { orphans } from '../oracles/settled.ts'
import type { Violation } from '../oracles/verdicts.ts'
import { EPOCH_MS } from '../virtual-time.ts'
import { scheduleReplicaFaults } from './replica-faults.ts'
import type { ReplicaPlan } from './replica-plan.ts'
import { ReplicaStage } from './replica-stage.ts'

export interface ReplicaResult {
  readonly plan: ReplicaPlan
  readonly violations: readonly Violation[]
  readonly settledAfterMs: number | undefined
  readonly simulatedMs: number
}

const LOOK_EVERY_MS = 5_000
const SETTLES_WITHIN_MS = 15 * 60_000
/** A base that is gone for good may be one of those that are taken for dead once in a thousand seconds. */
const GONE_WITHIN_MS = 1_100_000
const MANY_GONE = 3
const STARTS_WITHIN_MS = 20_000
const BASES_WITHIN_MS = 30_000

export async function runReplicas(plan: ReplicaPlan, trace?: (line: string) => void): Promise<ReplicaResult> {
  const { seed, mix, kubernetesMinor, faultyMs, web = false } = plan.run
  const { replicas, apartMs } = plan
  const stage = new ReplicaStage({ seed, mix, kubernetesMinor, web, replicas, apartMs, ...(trace && { trace }) })
  const { world, verdicts } = stage
  try {
    begin(stage, plan)
    await world.time.advance(faultyMs)
    stage.heal()
    const settledAfterMs = await settle(stage)
    return { plan, violations: verdicts.violations, settledAfterMs, simulatedMs: world.time.now() - EPOCH_MS }
  } finally {
    for (const { host } of stage.replicas) host.current?.kill()
    world.close()
  }
}

function begin(stage: ReplicaStage, { run, mix }: ReplicaPlan): void {
  const { world, workload, replicas } = stage
  const rng = world.rng.fork('begin')
  for (const [at, { host }] of replicas.entries())
    world.time.after(rng.fork(`replica ${at}`).skewed(0, STARTS_WITHIN_MS), () => host.start())
  for (let at = 0; at < run.bases; at++) {
    const base = stage.addBase()
    world.time.after(rng.fork(`base ${at}`).skewed(0, BASES_WITHIN_MS), () => base.start())
  }
  world.time.after(rng.fork('workload').skewed(0, BASES_WITHIN_MS), () => workload.begin(run.workloads))
  for (let at = 0; at < run.steps; at++)
    world.time.after(rng.fork(`step ${at}`).between(0.05, 1) * run.faultyMs, () => workload.step(at))
  scheduleFaults(stage)
  scheduleReplicaFaults(stage, mix)
}

async function settle(stage: ReplicaStage): Promise<number | undefined> {
  const { world, verdicts } = stage
  const healedAtMs = world.time.now()
  const gone = orphans(world)
  const withinMs = SETTLES_WITHIN_MS + (gone > MANY_GONE ? gone * GONE_WITHIN_MS : 0)
  for (;;) {
    await world.time.advance(LOOK_EVERY_MS)
    beatAgain(stage)
    const open = stage.open
    const tookMs = world.time.now() - healedAtMs
    if (open.length === 0) return tookMs
    if (world.trace.on) world.trace.say('!', 'unsettled', open.slice(0, 3).join('; '))
    if (tookMs < withinMs) continue
    for (const what of open.slice(0, 5)) verdicts.object('settles', what)
    return undefined
  }
}

/** Only a heart tells the address, and one that stopped tells no other; a base that nobody knows is found by nobody. */
function beatAgain({ world, replicas }: ReplicaStage): void {
  const moves = world.faults.perHour('addressReused') > 0
  for (const base of world.bases)
    if (moves || !replicas.every(({ host }) => host.knows(base.identity))) base.beatAgain()
}
