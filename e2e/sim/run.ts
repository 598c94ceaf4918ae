/** Plays one plan from its first moment to the end, with all oracles watching. */
import type { V1Pod } from '@kubernetes/client-node'
import { scheduleFaults } from './faults/schedule.ts'
import type { Marks } from './marks.ts'
import { differences, endOf } from './oracles/same-end.ts'
import { orphans, unsettled } from './oracles/settled.ts'
import type { Violation } from './oracles/verdicts.ts'
import type { RunPlan } from './run-plan.ts'
import { Stage } from './stage.ts'
import { EPOCH_MS } from './virtual-time.ts'
import type { World } from './world.ts'

export interface RunResult {
  readonly plan: RunPlan
  readonly violations: readonly Violation[]
  /** From the moment of healing; undefined: never. */
  readonly settledAfterMs: number | undefined
  readonly simulatedMs: number
  readonly events: number
  /** Writes and commands of the operator. */
  readonly effects: number
  /** What users have; undefined: it never settled. */
  readonly end: ReadonlyMap<string, string> | undefined
}

const LOOK_EVERY_MS = 5_000
/** The longest backoff is five minutes, and a base that was cut off may be back only after 128 s more. */
const SETTLES_WITHIN_MS = 15 * 60_000
/** More bases are gone than the operator believes to be gone: it takes one in a thousand seconds for dead. */
const MANY_GONE = 3
const GONE_WITHIN_MS = 1_100_000
/** What is still to be told, and the closer look at young bases. */
const RESTS_AFTER_MS = 150_000
const QUIET_MS = 4 * 60_000

export interface RunWitnesses {
  readonly trace?: (line: string) => void
  readonly marks?: Marks
}

export async function runPlan(plan: RunPlan, { trace, marks }: RunWitnesses = {}): Promise<RunResult> {
  const stage = new Stage({ ...plan, ...(trace && { trace }) }, marks)
  try {
    begin(stage, plan)
    await stage.world.time.advance(plan.faultyMs)
    stage.heal()
    const settledAfterMs = await settle(stage)
    if (settledAfterMs !== undefined && plan.watchesQuiet) await rest(stage)
    if (settledAfterMs !== undefined && plan.comparesEnd && hasOneEnd(plan.mix)) await compareEnd(stage, plan)
    if (stage.verdicts.violations.length > 0) tellPlans(stage)
    return resultOf(stage, plan, settledAfterMs)
  } finally {
    stage.operator.current?.kill()
    stage.world.close()
  }
}

/** What the operator last decided of each key, and why. */
function tellPlans({ world, operator }: Stage): void {
  if (!world.trace.on) return
  for (const { name, plans } of operator.composition?.controllers ?? [])
    for (const [key, { plan, why, atMs }] of plans.entries())
      world.trace.say('L', name, `${key}: ${plan}, ${why} (${((atMs - EPOCH_MS) / 1_000).toFixed(3)})`)
}

function resultOf(stage: Stage, plan: RunPlan, settledAfterMs: number | undefined): RunResult {
  const { time } = stage.world
  return {
    plan,
    violations: stage.verdicts.violations,
    settledAfterMs,
    simulatedMs: time.now() - EPOCH_MS,
    events: time.events,
    effects: stage.crashes.effects,
    end: settledAfterMs === undefined ? undefined : endOf(stage.world),
  }
}

function begin(stage: Stage, plan: RunPlan): void {
  const { world, workload, operator, crashes } = stage
  const rng = world.rng.fork('begin')
  if (plan.crash) crashes.arm(plan.crash)
  world.time.after(rng.fork('operator').skewed(0, 20_000), () => operator.start())
  for (let at = 0; at < plan.bases; at++) {
    const base = stage.addBase()
    world.time.after(rng.fork(`base ${at}`).skewed(0, 30_000), () => base.start())
  }
  world.time.after(rng.fork('workload').skewed(0, 30_000), () => workload.begin(plan.workloads))
  for (let at = 0; at < plan.steps; at++)
    world.time.after(rng.fork(`step ${at}`).between(0.05, 1) * plan.faultyMs, () => workload.step(at))
  scheduleFaults(stage)
  stage.look()
}

/** Not where users act otherwise in a world without faults. */
const hasOneEnd = ({ workloadForced, buildBroken, jarBroken, podEdited }: RunPlan['mix']): boolean =>
  !workloadForced && !buildBroken && !jarBroken && !podEdited

function boundMs(world: World): number {
  const gone = orphans(world)
  return SETTLES_WITHIN_MS + (gone > MANY_GONE ? gone * GONE_WITHIN_MS : 0)
}

/** How long it took; undefined, and told as a violation, where it did not come about. */
async function settle(stage: Stage): Promise<number | undefined> {
  const { world, operator, verdicts } = stage
  const healedAtMs = world.time.now()
  const withinMs = boundMs(world)
  for (;;) {
    await world.time.advance(LOOK_EVERY_MS)
    // Only a heart tells the address: another process, or the one before it, may have told another since it last beat.
    const moves = !world.faults.isFreeOf(['identityShared', 'addressReused'])
    for (const base of world.bases) if (moves || !operator.knows(base.identity)) base.beatAgain()
    stage.retryStuck()
    const open = unsettled(world, operator.current)
    const tookMs = world.time.now() - healedAtMs
    if (open.length === 0) return tookMs
    if (world.trace.on) world.trace.say('!', 'unsettled', open.slice(0, 3).join('; '))
    if (tookMs < withinMs) continue
    for (const what of open.slice(0, 5)) verdicts.object('settles', what)
    return undefined
  }
}

/** The same users at the same times, in a world where nothing goes wrong. */
async function compareEnd({ world, verdicts }: Stage, plan: RunPlan): Promise<void> {
  const { crash: _none, ...rest } = plan
  const calm = await runPlan({ ...rest, mix: {}, watchesQuiet: false, comparesEnd: false })
  if (!calm.end) return
  for (const what of differences(endOf(world), calm.end)) verdicts.object('same-end', what)
}

const QUIET_EFFECTS = /^(update leases|send health|send queryAllBiz)$/

/** A module whose place is another's is tried for ever, ever more rarely: such a world does not rest. */
const isTrying = ({ status }: V1Pod): boolean =>
  (status?.containerStatuses ?? []).some(({ state }) => /^Install(Failed|BackOff)$/.test(state?.waiting?.reason ?? ''))

/** A world at rest: no write but Leases, no command but questions, and it stays at rest. */
async function rest(stage: Stage): Promise<void> {
  const { world, operator, verdicts, done } = stage
  await world.time.advance(RESTS_AFTER_MS)
  const before = new Map(done)
  await world.time.advance(QUIET_MS)
  const isAtRest = !world.isWeb || !world.server.list<V1Pod>('pods').some(isTrying)
  for (const [what, count] of isAtRest ? done : []) {
    const more = count - (before.get(what) ?? 0)
    if (more > 0 && !QUIET_EFFECTS.test(what)) verdicts.object('quiet', `${more} × ${what} in a world at rest`)
  }
  for (const what of unsettled(world, operator.current)) verdicts.object('stays-settled', what)
}
