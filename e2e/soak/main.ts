/** `make soak`: users at work without a pause; memory, handles and event-loop delay of the operator must stay flat. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { TestAuthority } from '../../mqtt-bridge/transport/test-certificates.ts'
import { loadAverage } from '../bench/sample.ts'
import { settle } from '../chaos/converge.ts'
import { Journal } from '../chaos/journal.ts'
import { keepLooking } from '../chaos/round.ts'
import { Workloads } from '../chaos/workload.ts'
import { BASE_NAME, brokerOptions, ChaosWorld, chaosFolder, NAMESPACE, planeOptions } from '../chaos/world.ts'
import { COLLECTS_WHEN_TOLD } from '../cluster/operator-process.ts'
import { ControlPlane } from '../control-plane/control-plane.ts'
import { SeededRng } from '../sim/rng.ts'
import { FIGURES, judge } from './figures.ts'
import type { Sample } from './slope.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, bases: { type: 'string', default: '20' } },
})
const SAMPLE_EVERY_MS = 5_000
const USER_EVERY_MS = 400
const TELL_EVERY = 12

const begun = Date.now()
const say = (text: string): void =>
  void process.stdout.write(`${String(Math.round((Date.now() - begun) / 1_000)).padStart(5)} s  ${text}\n`)

const folder = await chaosFolder()
const journal = new Journal(join(folder, 'journal.log'))
using authority = new TestAuthority('soak')
await using broker = await Mosquitto.start(brokerOptions(authority))
await using plane = await ControlPlane.start(planeOptions(folder))
const size = { bases: Number(values.bases), operators: 1, seed: 1, nodeFlags: COLLECTS_WHEN_TOLD }
await using world = await ChaosWorld.open({ plane, broker, authority, folder, journal, ...size })
const rng = new SeededRng('soak')
const workloads = new Workloads({
  api: world.api,
  namespace: NAMESPACE,
  rng,
  base: BASE_NAME,
  told: what => journal.tell('user', what),
})
world.changedAtMs = bizName => workloads.changedAtMs(bizName)
await workloads.createAll()
await settle(world, say)
const operator = world.operators.at(1).process

const stop = new AbortController()
async function keepUsing(): Promise<void> {
  while (!stop.signal.aborted) {
    await workloads.step()
    await sleep(USER_EVERY_MS)
  }
}

const samples = new Map(FIGURES.map(({ what }) => [what, [] as Sample[]]))
async function sample(): Promise<void> {
  // A heap saws up and down by tens of MiB: only what a collection leaves tells whether something is kept.
  operator.collectGarbage()
  const metric = await operator.metrics()
  for (const { what, read } of FIGURES) samples.get(what)?.push({ atMs: Date.now(), value: read(metric) })
}

const newest = (): string =>
  FIGURES.map(({ what, unit }) => `${what} ${samples.get(what)?.at(-1)?.value.toFixed(1)} ${unit}`).join(', ')

say(`${values.minutes} minutes of churn on ${values.bases} bases`)
const busy = [keepUsing(), keepLooking(world, stop.signal)]
const until = Date.now() + 60_000 * Number(values.minutes)
for (let nth = 1; Date.now() < until; nth++) {
  await sample()
  if (nth % TELL_EVERY === 0) say(`${workloads.done} actions, ${journal.counted('installBiz')} installs; ${newest()}`)
  await sleep(SAMPLE_EVERY_MS)
}
stop.abort()
await Promise.all(busy)
await settle(world, say)

const judged = FIGURES.map(figure => judge(figure, samples.get(figure.what) ?? []))
for (const { line } of judged) say(line)
const { done } = workloads
say(
  `${done} actions, ${journal.counted('installBiz')} installs, ${journal.counted('uninstallBiz')} uninstalls; load ${await loadAverage()}`,
)
for (const { kind, what } of journal.violations) say(`${kind}: ${what}`)
const isSound = judged.every(({ isFlat }) => isFlat) && journal.violations.length === 0
say(isSound ? 'flat' : 'not flat, or a promise was broken')
if (!isSound) process.exitCode = 1
