/** What befalls one of several operators. */
import type { SeededRng } from '../rng.ts'
import type { ReplicaFault } from './replica-plan.ts'
import type { Replica, ReplicaStage } from './replica-stage.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

type Strike = (replica: Replica, stage: ReplicaStage, rng: SeededRng) => string

const STRIKES: Readonly<Record<ReplicaFault, Strike>> = {
  killed: ({ host }, _stage, rng) => {
    host.kill(rng.skewed(200, 2 * MINUTE_MS), 'one of several')
    return 'is killed'
  },
  toldToStop: ({ host }, _stage, rng) => {
    host.restart(rng.skewed(0, MINUTE_MS))
    return 'is told to stop'
  },
  standsStill: ({ host }, _stage, rng) => {
    host.pause(rng.skewed(1_000, 3 * MINUTE_MS))
    return 'stands still'
  },
  offApi: (replica, { world }, rng) => {
    const ms = rng.skewed(2_000, 2 * MINUTE_MS)
    replica.isCutOff = true
    if (rng.chance(0.7)) replica.host.current?.cutWatches()
    world.time.after(ms, () => {
      replica.isCutOff = false
    })
    return `is cut off from the API server for ${Math.round(ms)} ms`
  },
  offBroker: ({ host }, { world }, rng) => {
    const ms = rng.skewed(1_000, 2 * MINUTE_MS)
    world.broker.swallow(host.clientId, ms)
    return `hears and says nothing for ${Math.round(ms)} ms`
  },
  linkCut: ({ host }, { world }) => {
    world.broker.cut(host.clientId, 'connection reset')
    return 'loses its connection to the broker'
  },
  watchesCut: ({ host }) => {
    host.current?.cutWatches()
    return 'loses its watches'
  },
  apiOutage: (_replica, { world, replicas }, rng) => {
    const ms = rng.skewed(1_000, 3 * MINUTE_MS)
    world.isApiOut = true
    for (const { host } of replicas) host.current?.cutWatches()
    world.time.after(ms, () => {
      world.isApiOut = false
    })
    return `and all others have no API server for ${Math.round(ms)} ms`
  },
}

export function scheduleReplicaFaults(stage: ReplicaStage, mix: { readonly [Kind in ReplicaFault]?: number }): void {
  for (const [kind, perHour] of Object.entries(mix) as [ReplicaFault, number][])
    comeAgain(stage, kind, { perHour, rng: stage.world.rng.fork(`replica fault ${kind}`) })
}

interface Rhythm {
  readonly perHour: number
  readonly rng: SeededRng
}

function comeAgain(stage: ReplicaStage, kind: ReplicaFault, { perHour, rng }: Rhythm): void {
  const { time, trace, faults } = stage.world
  time.after((-Math.log(1 - rng.next()) * HOUR_MS) / perHour, () => {
    if (faults.healed) return
    const replica = rng.pick(stage.replicas)
    if (replica) trace.say('F', replica.host.clientId, STRIKES[kind](replica, stage, rng))
    comeAgain(stage, kind, { perHour, rng })
  })
}
