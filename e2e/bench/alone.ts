/**
 * `npm run bench:alone`: what one replica alone pays for the machinery of several. Two operators side by side on one control
 * plane, each with as many bases, one of them with PEER_REPLICAS=false; what they took is compared by ratio.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { startFleet } from '../base-simulator/index.ts'
import { buildOperator } from '../build/bundle.ts'
import { eventually } from '../cluster/eventually.ts'
import { OperatorProcess } from '../cluster/operator-process.ts'
import { ControlPlane } from '../control-plane/control-plane.ts'
import { showProgress } from '../control-plane/progress.ts'
import { cpuMs, loadAverage } from './sample.ts'

const BASES = Number(process.env.BENCH_BASES ?? 60)
const MINUTES = Number(process.env.BENCH_MINUTES ?? 4)
/** A base is watched more closely for its first minute. */
const CALM_AFTER_MS = 65_000

const say = (text: string): void => void process.stdout.write(`${text}\n`)

interface Spent {
  readonly cpuMs: number
  readonly writes: number
}

const spentBy = async (operator: OperatorProcess): Promise<Spent> => ({
  cpuMs: await cpuMs(operator.pid ?? 0),
  writes: await operator.writes(),
})

async function atRest(operators: readonly OperatorProcess[]): Promise<readonly Spent[]> {
  using _progress = showProgress('the bases come to rest, and are served')
  await sleep(CALM_AFTER_MS)
  const before = await Promise.all(operators.map(spentBy))
  await sleep(MINUTES * 60_000)
  const after = await Promise.all(operators.map(spentBy))
  return after.map((one, at) => ({
    cpuMs: one.cpuMs - (before[at]?.cpuMs ?? 0),
    writes: one.writes - (before[at]?.writes ?? 0),
  }))
}

const more = (alone: number, without: number): string => `${((alone / without - 1) * 100).toFixed(1)} %`

async function main(): Promise<void> {
  say(
    `load ${await loadAverage()}, Node ${process.version}, ${BASES} bases for each of two operators, ${MINUTES} minutes`,
  )
  const bundle = await buildOperator()
  await using plane = await ControlPlane.start()
  await using broker = await Mosquitto.start()
  await plane.kubectl(['apply', '--kustomize', join(import.meta.dirname, '..', '..', 'deploy', 'rbac')])
  const kubeconfig = await plane.kubeconfigFor('koupleless-system', 'module-controller')
  const started = (env: string, peerReplicas: boolean): Promise<OperatorProcess> =>
    OperatorProcess.start({
      bundle,
      kubeconfig,
      env,
      broker: { embedded: false, port: broker.port },
      extra: { LOG_LEVEL: 'warn', PEER_REPLICAS: String(peerReplicas) },
    })
  // Whoever begins first is a little dearer: BENCH_SWAP=1 measures in the other order.
  const isSwapped = process.env.BENCH_SWAP === '1'
  await using first = await started('first', !isSwapped)
  await using second = await started('second', isSwapped)
  const operators = isSwapped ? [second, first] : [first, second]
  const of = { broker: { host: '127.0.0.1', port: broker.port }, name: 'bench', startConcurrency: 20 }
  const each = (env: string) => (index: number) => ({ identity: `${env}-${index}` })
  await using _ofFirst = await startFleet(BASES, { ...of, env: 'first', each: each('first') })
  await using _ofSecond = await startFleet(BASES, { ...of, env: 'second', each: each('second') })
  const known = (operator: OperatorProcess): Promise<number> => operator.metric('koupleless_bases')
  await eventually('all bases are known', async () => (await Promise.all(operators.map(known))).every(n => n === BASES))
  const [a, w] = await atRest(operators)
  if (!a || !w) throw new Error('nothing was measured')
  say('\n| at rest | one replica alone | PEER_REPLICAS=false | more |\n|---|---|---|---|')
  const perMinute = (value: number): string => (value / MINUTES).toFixed(0)
  say(`| CPU, ms a minute | ${perMinute(a.cpuMs)} | ${perMinute(w.cpuMs)} | ${more(a.cpuMs, w.cpuMs)} |`)
  say(`| API writes a minute | ${perMinute(a.writes)} | ${perMinute(w.writes)} | ${more(a.writes, w.writes)} |`)
  say(`\nload ${await loadAverage()}`)
}

await main()
