import type { V1Lease, V1Pod } from '@kubernetes/client-node'
import { expect, inject, test } from 'vitest'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { LABEL } from '../../reconcilers/names.ts'
import { MEMBER_COMPONENT } from '../../reconcilers/peer-replicas/member-lease.ts'
import { clientOf } from '../../reconcilers/peer-replicas/replica-id.ts'
import { GONE_AFTER_MS, SWEEP_AFTER_MS } from '../../reconcilers/peer-replicas/settings.ts'
import { commandsOf } from './base.ts'
import { always, eventually } from './eventually.ts'
import { isReady, Journey } from './journey.ts'
import { OperatorProcess } from './operator-process.ts'
import { Replica, shared, takeovers } from './replica.ts'
import { deployment, jarUrl } from './workloads.ts'

const BASES = 60
const IS_LONG = process.env.KOUPLELESS_E2E_LONG !== undefined
/** As long as a lapse takes and half as much again. */
const FROZEN_MS = IS_LONG ? 60_000 : 20_000
const KILLS = IS_LONG ? 8 : 1
/** The promises are a second and fifteen; a machine that is busy with other journeys takes longer. */
const HANDED_WITHIN_MS = 2_000
const TAKEN_WITHIN_MS = 20_000

const tell = (what: string, ms: readonly number[]): void => {
  const at = (share: number): number => Math.round(ms[Math.floor(share * (ms.length - 1))] ?? 0)
  console.log(`${what}: ${ms.length} bases, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`)
}

const readySince = (pods: readonly V1Pod[]): readonly string[] =>
  pods
    .map(({ metadata, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')
      return `${metadata?.uid} ${ready?.status} ${String(ready?.lastTransitionTime)}`
    })
    .sort()

const update = (journey: Journey, name: string, version: string): Promise<string> => {
  const containers = [{ name, image: jarUrl(name, version), env: [{ name: 'BIZ_VERSION', value: version }] }]
  const body = JSON.stringify({ spec: { template: { spec: { containers } } } })
  return journey.kubectl('patch', `deployment/${name}`, '--patch', body)
}

const OF_OPERATOR = ['--namespace', 'koupleless-system'] as const

const living = (replica: Replica, count: number): Promise<boolean> =>
  eventually(`${count} replicas live`, async () => (await replica.operator.metric('koupleless_replicas')) === count)

async function membershipsOf(journey: Journey): Promise<ReadonlyMap<string, string>> {
  const selector = `${LABEL.component}=${MEMBER_COMPONENT},${LABEL.env}=${journey.name}`
  const { items } = await journey.get<{ items: V1Lease[] }>('leases', ...OF_OPERATOR, '--selector', selector)
  return new Map(items.map(({ metadata, spec }) => [clientOf(spec?.holderIdentity ?? ''), metadata?.name ?? '']))
}

test.concurrent('60 bases of three operators that are stopped, killed, frozen, upgraded: nothing is lost or sent twice', async () => {
  await using mosquitto = await Mosquitto.start()
  const broker = { embedded: false, port: mosquitto.port } as const
  await using journey = await Journey.open('replicas', { broker })
  await using second = await Replica.start(journey.name, broker)
  await using third = await Replica.start(journey.name, broker)
  const first = new Replica(journey.operator)
  const all = [first, second, third]
  const bases = await journey.bases(BASES)
  console.log(`shares: ${(await shared(all, BASES)).join(', ')}`)
  const ofJourney = { namespace: journey.namespace, base: journey.name }
  await journey.apply(
    deployment({ name: 'steady', bizName: 'steady', replicas: BASES, ...ofJourney }),
    deployment({ name: 'rolled', bizName: 'rolled', replicas: 20, ...ofJourney }),
  )
  await journey.ready('app=rolled', 20, 90_000)
  const steady = readySince(await journey.ready('app=steady', BASES, 90_000))

  // Told to stop.
  const stopping = await third.owned()
  const stoppedAtMs = Date.now()
  await third.operator.stop()
  const handed = await takeovers([first, second], stoppedAtMs, stopping)
  tell('handed over on SIGTERM', handed)
  expect(handed.at(-1)).toBeLessThan(HANDED_WITHIN_MS)
  await third.operator.start()
  await shared(all, BASES)

  // Killed.
  const taken: number[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const dying = await second.owned()
    const killedAtMs = Date.now()
    await second.operator.kill9()
    taken.push(...(await takeovers([first, third], killedAtMs, dying)))
    await second.operator.start()
    await shared(all, BASES)
  }
  taken.sort((a, b) => a - b)
  tell('taken over after kill -9', taken)
  expect(taken[Math.floor(0.99 * (taken.length - 1))]).toBeLessThan(TAKEN_WITHIN_MS)

  // Frozen while there is something to send.
  third.freeze()
  const frozenAtMs = Date.now()
  await update(journey, 'rolled', '0.0.2')
  await journey.kubectl('rollout', 'status', 'deployment/rolled', '--timeout=90s') // the others do its part
  await always('it is frozen', async () => third.isFrozen(), frozenAtMs + FROZEN_MS - Date.now())
  const thawedAtMs = Date.now()
  third.thaw()
  await shared(all, BASES)
  const lapsed = await third.lines('our membership had lapsed: all bases are taken anew', thawedAtMs)
  expect(lapsed.length).toBeGreaterThan(0)
  const early = (await third.lines('command sent', thawedAtMs)).filter(({ atMs }) => atMs < (lapsed[0]?.atMs ?? 0))
  expect(early).toEqual([])

  // All three upgraded, one after the other, in the middle of a rollout.
  await update(journey, 'rolled', '0.0.3')
  for (const replica of all) {
    await replica.operator.stop()
    await replica.operator.start()
  }
  await journey.kubectl('rollout', 'status', 'deployment/rolled', '--timeout=90s')
  const rolled = await journey.ready('app=rolled', 20, 60_000)
  expect(rolled.every(isReady)).toBe(true)
  expect(readySince(await journey.pods('app=steady'))).toEqual(steady)

  const repeats = journey.answers.filter(({ dataCode }) => dataCode === 'REPEAT_BIZ')
  const installs = bases.flatMap(base => commandsOf(base, 'installBiz'))
  // Where two of its Pods share a base, another has none: one install serves both.
  const twice = bases.filter(base => commandsOf(base, 'installBiz').filter(({ name }) => name === 'steady').length > 1)
  console.log(
    `${installs.length} installs, ${repeats.length} of what was there, ${twice.length} bases with steady twice`,
  )
  expect(repeats).toEqual([])
  expect(twice.map(({ identity }) => identity)).toEqual([])
}, 600_000)

test.concurrent('a membership that was relabelled is found by its name, and one whose replica is gone for good is removed', async () => {
  await using mosquitto = await Mosquitto.start()
  const broker = { embedded: false, port: mosquitto.port } as const
  await using journey = await Journey.open('membership', { broker })
  const stays = new Replica(journey.operator)
  await using dies = await Replica.start(journey.name, broker)
  await living(stays, 2)
  const memberships = await membershipsOf(journey)
  const [ours, theirs] = [stays, dies].map(({ operator }) => `operator-${operator.httpPort}`) as [string, string]
  expect([...memberships.keys()].sort()).toEqual([ours, theirs].sort())
  await dies.operator.kill9()

  const name = memberships.get(ours) ?? ''
  await journey.kubectl('label', 'lease', name, `${LABEL.component}-`, ...OF_OPERATOR)
  await eventually('the membership bears its labels again', async () => (await membershipsOf(journey)).has(ours))

  await eventually(
    'nothing is left of the one that was killed',
    async () => !(await membershipsOf(journey)).has(theirs),
    GONE_AFTER_MS + SWEEP_AFTER_MS + 30_000,
  )
  await living(stays, 1)
  expect((await membershipsOf(journey)).get(ours)).toBe(name)
}, 180_000)

test.concurrent('a second process of the same CLIENT_ID takes the place of the first, which ends and says why', async () => {
  await using mosquitto = await Mosquitto.start()
  const broker = { embedded: false, port: mosquitto.port } as const
  const extra = { CLIENT_ID: 'one-of-two' }
  await using journey = await Journey.open('twins', { broker, extra })
  const [bundle, kubeconfig] = [inject('operatorBundle'), inject('operatorKubeconfig')]
  await using twin = await OperatorProcess.start({ bundle, kubeconfig, env: journey.name, broker, extra })
  await eventually('the first has ended', () => !journey.operator.runs || undefined)
  expect(journey.operator.exitCode).toBe(1)
  expect(await journey.operator.log()).toContain('another process bears our CLIENT_ID and took our place')
  await journey.base()
  expect(await twin.isReady()).toBe(true)
}, 90_000)
