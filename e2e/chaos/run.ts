/** Rounds of chaos in one world, and the verdict. */
import { join } from 'node:path'
import type { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import type { TestAuthority } from '../../mqtt-bridge/transport/test-certificates.ts'
import type { ControlPlane } from '../control-plane/control-plane.ts'
import { SeededRng } from '../sim/rng.ts'
import { blindDeletions, readAudit } from './audit.ts'
import { settle } from './converge.ts'
import { Journal } from './journal.ts'
import { ChaosJvm } from './jvm.ts'
import { playRound, type RoundResult } from './round.ts'
import { planRound } from './round-plan.ts'
import { Workloads } from './workload.ts'
import { BASE_NAME, ChaosWorld, JVM_NAME, NAMESPACE, OPERATOR_USER, RACKS } from './world.ts'

export interface ChaosOptions {
  readonly plane: ControlPlane
  readonly broker: Mosquitto
  readonly authority: TestAuthority
  readonly folder: string
  readonly seed: number
  readonly bases: number
  readonly operators: number
  readonly withJvm: boolean
  readonly roundMs: number
  /** No further round is begun after that. */
  readonly forMs: number
  readonly say: (text: string) => void
}

export interface ChaosResult {
  readonly journal: Journal
  readonly rounds: readonly RoundResult[]
  readonly userActions: number
}

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, folder, say } = options
  const journal = new Journal(join(folder, 'journal.log'))
  await using world = await ChaosWorld.open({ ...options, journal })
  await using jvm = options.withJvm ? await ChaosJvm.start(world, say) : undefined
  if (jvm) world.others.push(jvm)
  const rng = new SeededRng(`chaos ${seed}`)
  const workloads = new Workloads({
    api: world.api,
    namespace: NAMESPACE,
    rng: rng.fork('users'),
    base: BASE_NAME,
    ...(jvm ? { jvm: JVM_NAME } : {}),
    told: what => journal.tell('user', what),
  })
  world.changedAtMs = name => workloads.changedAtMs(name)
  await workloads.createAll()
  say(
    `${options.bases} bases${jvm ? ' and a JVM' : ''} are up; first rollout settled in ${await settle(world, say)} ms`,
  )
  const rounds = await playRounds(world, workloads, options, rng)
  for (const what of blindDeletions(await readAudit(join(folder, 'audit.log')), OPERATOR_USER))
    journal.object('blind', what)
  await judgeOperators(world, journal)
  return { journal, rounds, userActions: workloads.done }
}

async function playRounds(
  world: ChaosWorld,
  workloads: Workloads,
  { forMs, roundMs, operators, say }: ChaosOptions,
  rng: SeededRng,
): Promise<readonly RoundResult[]> {
  const rounds: RoundResult[] = []
  const begun = Date.now()
  do {
    const nth = rounds.length + 1
    const plan = planRound(rng.fork(`round ${nth}`), { forMs: roundMs, racks: RACKS, operators })
    say(`round ${nth}: ${plan.length} faults in ${roundMs / 1_000} s`)
    const round = { plan, forMs: roundMs, rng: rng.fork(`pace ${nth}`), progress: say }
    const result = await playRound(world, workloads, round)
    rounds.push(result)
    say(`round ${nth}: bases back after ${result.basesBackMs} ms, converged ${result.convergedMs} ms later`)
  } while (Date.now() - begun < forMs)
  return rounds
}

/** An error that the operator logs is a bug, and so is an end that nobody asked for. */
async function judgeOperators({ operators }: ChaosWorld, journal: Journal): Promise<void> {
  if (operators.endedByThemselves > 0)
    journal.object('operator', `an operator ended by itself, ${operators.endedByThemselves} times`)
  const errors = (await operators.logs()).split('\n').filter(line => line.includes('"level":"error"'))
  for (const line of errors.slice(0, 5)) journal.object('operator', `logged ${line.slice(0, 400)}`)
}
