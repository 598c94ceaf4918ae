import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lookAt, unsettled } from './truth.ts'
import type { ChaosWorld } from './world.ts'

/** The promise of a healed world. */
const CONVERGES_WITHIN_MS = 30_000
/** After that, what is only late is told from what is lost: an install that hangs is sent again by then. */
const LOST_AFTER_MS = 330_000
const LOOK_EVERY_MS = 500
const TOLD_MAX = 12

/** A world that was healed: what is late or lost stands in the journal. @returns how long it took, from now */
export const converge = (world: ChaosWorld, progress: (text: string) => void): Promise<number> =>
  settle(world, progress, CONVERGES_WITHIN_MS)

/** As `converge`, with more patience: a first rollout takes as long as the machine needs. */
export async function settle(
  world: ChaosWorld,
  progress: (text: string) => void,
  withinMs = LOST_AFTER_MS,
): Promise<number> {
  const begun = Date.now()
  let isLate = false
  for (let looks = 1; ; looks++) {
    const faults = unsettled(await lookAt(world.api), await world.trueBases())
    const tookMs = Date.now() - begun
    if (faults.length === 0) return tookMs
    if (tookMs > withinMs && !isLate) {
      isLate = true
      objectTo(world, 'late', faults)
      world.journal.tell('world', `late by debug state:\n${await debugStates(world)}`)
      await keepServerLogs(world)
    }
    if (tookMs > LOST_AFTER_MS) {
      objectTo(world, 'lost', faults)
      return tookMs
    }
    if (looks % 10 === 0)
      progress(`${Math.round(tookMs / 1_000)} s of settling: ${faults.length} things to settle, ${faults[0]}`)
    await sleep(LOOK_EVERY_MS)
  }
}

function objectTo({ journal }: ChaosWorld, what: 'late' | 'lost', faults: readonly string[]): void {
  for (const fault of faults.slice(0, TOLD_MAX)) journal.object(what, fault)
}

/** The control plane takes its logs with it: whether its own parts were late too is seen there. */
async function keepServerLogs({ plane, folder }: ChaosWorld): Promise<void> {
  for (const part of ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver'] as const)
    await writeFile(join(folder, `${part}.log`), await plane.logOf(part))
}

async function debugStates({ operators }: ChaosWorld): Promise<string> {
  const states = operators.all.map(({ process }) => process.debugState().catch(String))
  return (await Promise.all(states)).join('\n')
}
