import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import type { SeededRng } from '../sim/rng.ts'
import { converge } from './converge.ts'
import { faultText, type PlannedFault, targetOf } from './round-plan.ts'
import { strike } from './strike.ts'
import type { Workloads } from './workload.ts'
import { type ChaosWorld, NAMESPACE } from './world.ts'

export interface Round {
  readonly plan: readonly PlannedFault[]
  readonly forMs: number
  readonly rng: SeededRng
  readonly progress: (text: string) => void
}

export interface RoundResult {
  readonly faults: number
  /** From healing until every base had its connection again: that is their own delay. */
  readonly basesBackMs: number
  /** From then until all was as it should be. */
  readonly convergedMs: number
}

const LOOK_EVERY_MS = 2_000
/** A base doubles its delay up to 128 s; no outage of a round is long enough for that. */
const BASES_BACK_WITHIN_MS = 90_000
const USER_MIN_MS = 100
const USER_MAX_MS = 800

/** Faults come and go while users work; then all is healed, and the world must come to be as it should. */
export async function playRound(world: ChaosWorld, workloads: Workloads, round: Round): Promise<RoundResult> {
  const stop = new AbortController()
  const looks = keepLooking(world, stop.signal)
  const struck = new Set<string>()
  const faults = round.plan.map(planned => carryOut(world, planned, struck))
  const [, ...carriedOut] = await Promise.all([keepUsing(workloads, round), ...faults])
  world.journal.tell('world', 'healed')
  const healedAtMs = Date.now()
  await world.basesConnected(BASES_BACK_WITHIN_MS)
  const basesBackMs = Date.now() - healedAtMs
  const convergedMs = await converge(world, round.progress)
  world.journal.tell('world', `bases back after ${basesBackMs} ms, settled ${convergedMs} ms later`)
  await sleep(LOOK_EVERY_MS)
  stop.abort()
  await looks
  return { faults: carriedOut.filter(Boolean).length, basesBackMs, convergedMs }
}

/** @returns false where what it would strike is still coming back from the last one: a server takes its time to start. */
async function carryOut(
  world: ChaosWorld,
  { fault, atMs, forMs }: PlannedFault,
  struck: Set<string>,
): Promise<boolean> {
  await sleep(atMs)
  const target = targetOf(fault)
  if (struck.has(target)) return false
  struck.add(target)
  world.journal.tell('fault', `${faultText(fault)}, for ${forMs} ms`)
  world.journal.count(fault.kind === 'link troubled' ? `link: ${fault.trouble.kind}` : fault.kind)
  const end = await strike(world, fault)
  await sleep(forMs)
  await end()
  world.journal.tell('fault', `${faultText(fault)}: over`)
  struck.delete(target)
  return true
}

async function keepUsing(workloads: Workloads, { forMs, rng }: Round): Promise<void> {
  const until = Date.now() + forMs
  while (Date.now() < until) {
    await workloads.step()
    await sleep(rng.between(USER_MIN_MS, USER_MAX_MS))
  }
}

/** Who claims what, and whether an uninstall took what was claimed. */
export async function keepLooking(world: ChaosWorld, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const atMs = Date.now()
    const pods = await podsOf(world)
    if (pods) world.pods.look(pods, atMs)
    judgeUninstalls(world)
    await sleep(LOOK_EVERY_MS)
  }
}

const podsOf = async ({ api }: ChaosWorld): Promise<readonly V1Pod[] | undefined> =>
  (await api.call<{ items: V1Pod[] }>('GET', `/api/v1/namespaces/${NAMESPACE}/pods`).catch(() => undefined))?.items

/** Of those that are older than the last look. */
function judgeUninstalls({ journal, pods }: ChaosWorld): void {
  const due = journal.toJudge.filter(({ atMs }) => atMs < pods.lookedAtMs)
  for (const uninstall of due) {
    journal.toJudge.splice(journal.toJudge.indexOf(uninstall), 1)
    const { nodeName, name, version } = uninstall
    if (pods.wasClaimed(uninstall))
      journal.object('claimed', `${nodeName} is to uninstall ${name}:${version}, which a live Pod claims`)
  }
}
