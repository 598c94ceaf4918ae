/** Long absences, as they happen: each part away for minutes, and nobody may lose a module for it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import { eventually } from '../../cluster/eventually.ts'
import { SeededRng } from '../../sim/rng.ts'
import { converge, settle } from '../converge.ts'
import { keepLooking } from '../round.ts'
import type { Fault } from '../round-plan.ts'
import { strike } from '../strike.ts'
import { Workloads } from '../workload.ts'
import { BASE_NAME, type ChaosWorld, NAMESPACE } from '../world.ts'

export interface Outage {
  readonly name: string
  readonly fault: Fault
  readonly forMs: number
}

const MINUTE_MS = 60_000

export const OUTAGES: readonly Outage[] = [
  { name: 'broker', fault: { kind: 'broker killed' }, forMs: 10 * MINUTE_MS },
  { name: 'api', fault: { kind: 'API server killed' }, forMs: 5 * MINUTE_MS },
  // Longer than the 40 s after which Nodes are called lost, and than the 300 s after which their Pods are evicted.
  { name: 'operator', fault: { kind: 'operator killed', operator: 1 }, forMs: 8 * MINUTE_MS },
]

export interface OutageResult {
  readonly uninstalledMeanwhile: number
  readonly basesBackMs: number
  readonly convergedMs: number
  readonly usersDid: number
}

const LOOK_EVERY_MS = 15_000
/** A base's own delay has doubled to 128 s by then. */
const BASES_BACK_WITHIN_MS = 200_000
const USERS_DO = 12

export async function sitOut(
  world: ChaosWorld,
  { name, fault, forMs }: Outage,
  say: (text: string) => void,
): Promise<OutageResult> {
  const { journal } = world
  const workloads = new Workloads({
    api: world.api,
    namespace: NAMESPACE,
    rng: new SeededRng(`outage ${name}`),
    base: BASE_NAME,
    told: what => journal.tell('user', what),
  })
  world.changedAtMs = bizName => workloads.changedAtMs(bizName)
  await workloads.createAll()
  say(`all settled after ${await settle(world, say)} ms`)
  await tolerant(world)
  const stop = new AbortController()
  const looks = keepLooking(world, stop.signal)
  const end = await strike(world, fault)
  say(`${name} away for ${forMs / MINUTE_MS} minutes`)
  const before = modulesOf(world)
  const uninstalledBefore = journal.counted('uninstallBiz')
  await staysUntouched(world, before, forMs, say)
  const uninstalledMeanwhile = journal.counted('uninstallBiz') - uninstalledBefore
  if (uninstalledMeanwhile > 0)
    journal.object('claimed', `${uninstalledMeanwhile} uninstalls while the ${name} was away`)
  // What they ask for now is to be caught up with. Of an API server that is away nobody asks anything.
  for (let did = 0; did < USERS_DO; did++) await workloads.step()
  await end()
  const endedAtMs = Date.now()
  say(`${name} is back`)
  await world.basesConnected(BASES_BACK_WITHIN_MS)
  const basesBackMs = Date.now() - endedAtMs
  const convergedMs = await converge(world, say)
  stop.abort()
  await looks
  return { uninstalledMeanwhile, basesBackMs, convergedMs, usersDid: workloads.done - workloads.refused }
}

/** What admission gives a Pod lets it be evicted after five minutes: the operator takes that from it once it is Ready. */
async function tolerant({ api }: ChaosWorld): Promise<void> {
  await eventually(
    'no Pod is to be evicted after a while',
    async () => {
      const { items } = await api.call<{ items: V1Pod[] }>('GET', `/api/v1/namespaces/${NAMESPACE}/pods`)
      const limited = items.filter(({ spec }) => spec?.tolerations?.some(one => one.tolerationSeconds !== undefined))
      if (limited.length > 0) throw new Error(`${limited.length} Pods are`)
      return true
    },
    60_000,
  )
}

const modulesOf = ({ bases }: ChaosWorld): string =>
  bases
    .map(({ identity, base }) => `${identity} ${base.bizs().map(biz => `${biz.name}:${biz.version} ${biz.state}`)}`)
    .join('\n')

async function staysUntouched(
  world: ChaosWorld,
  before: string,
  forMs: number,
  say: (text: string) => void,
): Promise<void> {
  const until = Date.now() + forMs
  while (Date.now() < until) {
    await sleep(Math.min(LOOK_EVERY_MS, until - Date.now()))
    if (modulesOf(world) !== before) {
      world.journal.object('claimed', `what bases run has changed:\n${before}\nis now\n${modulesOf(world)}`)
      return
    }
    const leftMs = until - Date.now()
    if (leftMs > 0 && leftMs % MINUTE_MS < LOOK_EVERY_MS)
      say(`nothing touched; ${Math.round(leftMs / MINUTE_MS)} minutes to go`)
  }
}
