/** A thousand bases lose their broker and come back at once: what does the operator ask of them, and of the API server? */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Node } from '@kubernetes/client-node'
import { Mosquitto } from '../../../mqtt-bridge/transport/mosquitto-process.ts'
import { type Fleet, startFleet } from '../../base-simulator/index.ts'
import { Api } from '../../bench/api.ts'
import { buildOperator } from '../../build/bundle.ts'
import { eventually } from '../../cluster/eventually.ts'
import { OperatorProcess } from '../../cluster/operator-process.ts'
import type { ControlPlane } from '../../control-plane/control-plane.ts'
import { busiestSecond, readAudit } from '../audit.ts'
import { OPERATOR_USER, RBAC } from '../world.ts'

export interface StampedeOptions {
  readonly plane: ControlPlane
  readonly folder: string
  readonly bases: number
  readonly say: (text: string) => void
}

export interface StampedeResult {
  readonly figures: readonly string[]
  readonly broken: readonly string[]
}

const ENV = 'stampede'
const AWAY_MS = 5_000
/** Two questions to each base within two seconds, and one look more: `RESYNC_MAX_MS` in `reconcilers/base-tunnel`. */
const QUESTIONS_PER_BASE_AND_SECOND = 2
/** KUBE_API_QPS. */
const REQUESTS_PER_SECOND = 300
const CALM_MS = 60_000
const BACK_WITHIN_MS = 120_000

export async function stampede(options: StampedeOptions): Promise<StampedeResult> {
  const { plane, folder, bases, say } = options
  await using broker = await Mosquitto.start()
  await plane.kubectl(['apply', '--kustomize', RBAC])
  await using api = await Api.open(plane.kubeconfig)
  await using operator = await OperatorProcess.start({
    bundle: await buildOperator(join(folder, 'operator.mjs')),
    kubeconfig: await plane.kubeconfigFor('koupleless-system', 'module-controller'),
    env: ENV,
    broker: { embedded: false, port: broker.port },
    folder,
  })
  await using fleet = await startFleet(bases, { broker: { host: '127.0.0.1', port: broker.port }, env: ENV, name: ENV })
  const askedAtMs: number[] = []
  for (const base of fleet.bases) base.onCommand(({ atMs }) => askedAtMs.push(atMs))
  await allReady(api, bases)
  say(`${bases} Nodes are Ready`)
  await sleep(CALM_MS)
  const calmFromMs = Date.now() - CALM_MS / 2
  await broker.stop()
  await sleep(AWAY_MS)
  const backAtMs = Date.now()
  await broker.resume()
  await allConnected(fleet)
  const connectedMs = Date.now() - backAtMs
  await eventually('the operator hears all of them', async () => (await heard(operator)) === bases, BACK_WITHIN_MS)
  const heardMs = Date.now() - backAtMs
  await allReady(api, bases)
  await sleep(CALM_MS / 2)
  return judged(options, { askedAtMs, calmFromMs, backAtMs, connectedMs, heardMs })
}

interface Measured {
  readonly askedAtMs: readonly number[]
  readonly calmFromMs: number
  readonly backAtMs: number
  readonly connectedMs: number
  readonly heardMs: number
}

async function judged({ folder, bases }: StampedeOptions, measured: Measured): Promise<StampedeResult> {
  const { askedAtMs, calmFromMs, backAtMs, connectedMs, heardMs } = measured
  const audited = await readAudit(join(folder, 'audit.log'))
  const requests = audited
    .filter(({ user, stage }) => user.username === OPERATOR_USER && stage === 'ResponseComplete')
    .map(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp))
  const since = (times: readonly number[], from: number, to = Number.POSITIVE_INFINITY): readonly number[] =>
    times.filter(atMs => atMs >= from && atMs < to)
  const asked = busiestSecond(since(askedAtMs, backAtMs))
  const wrote = busiestSecond(since(requests, backAtMs))
  const calm = [askedAtMs, requests].map(times => busiestSecond(since(times, calmFromMs, backAtMs)))
  return {
    figures: [
      `${bases} bases: all connected ${connectedMs} ms after the broker was back, all heard after ${heardMs} ms`,
      `busiest second before: ${calm[0]} questions to bases, ${calm[1]} requests to the API server`,
      `busiest second after: ${asked} questions to bases, ${wrote} requests to the API server`,
      `in all after: ${since(askedAtMs, backAtMs).length} questions, ${since(requests, backAtMs).length} requests`,
    ],
    broken: [
      ...(asked > QUESTIONS_PER_BASE_AND_SECOND * bases ? [`${asked} questions in a second`] : []),
      ...(wrote > REQUESTS_PER_SECOND ? [`${wrote} requests to the API server in a second`] : []),
    ],
  }
}

/** Their own delay grows while the broker does not take them all at once. */
async function allConnected({ bases }: Fleet): Promise<void> {
  await eventually(
    'all bases are connected',
    () => bases.every(({ connected }) => connected) || undefined,
    BACK_WITHIN_MS,
  )
}

async function allReady(api: Api, count: number): Promise<void> {
  await eventually(
    `${count} Nodes are Ready`,
    async () => {
      const { items } = await api.call<{ items: V1Node[] }>('GET', '/api/v1/nodes?resourceVersion=0')
      const ready = items.filter(({ status }) =>
        ['Ready', 'TunnelReady'].every(type => isTrue(status?.conditions, type)),
      )
      if (ready.length < count) throw new Error(`${ready.length} are`)
      return true
    },
    2 * BACK_WITHIN_MS,
  )
}

const isTrue = (conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean =>
  conditions?.some(one => one.type === type && one.status === 'True') ?? false

async function heard(operator: OperatorProcess): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${operator.httpPort}/metrics`)).text()
  return Number(/^koupleless_bases{state="heard"} (\d+)/m.exec(text)?.[1] ?? 0)
}
