import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Node } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { commandsOf, runs } from '../cluster/base.ts'
import { always, eventually } from '../cluster/eventually.ts'
import type { JavaWorld } from '../cluster/java-world.ts'
import { isReady, Journey } from '../cluster/journey.ts'
import type { JourneyJvm } from '../cluster/journey-jvm.ts'
import { deployment, pod } from '../cluster/workloads.ts'

const jvm = async (journey: Journey, draft: Parameters<Journey['base']>[0] = {}): Promise<JourneyJvm> =>
  (await journey.base(draft)) as JourneyJvm

const condition = (node: V1Node | undefined, type: string) =>
  node?.status?.conditions?.find(({ type: is }) => is === type)

describe.concurrent('a JVM that dies', () => {
  test('and comes back under its identity runs its modules again, under the same Pods', async () => {
    await using journey = await Journey.open('java-reborn')
    const base = await jvm(journey)
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    const [before] = await journey.ready('app=bare', 1, 60_000)
    await base.restart()
    await eventually(
      'it runs again',
      async () => {
        const { metadata, status } = await journey.pod('bare')
        const [container] = status?.containerStatuses ?? []
        return metadata?.uid === before?.metadata?.uid && container?.ready && container.restartCount === 1
      },
      60_000,
    )
    expect(await runs(base)).toEqual(['biz1:0.0.1 activated'])
  })

  test('and comes back under another identity gets another Node, and the old one goes with its Pods', async () => {
    await using journey = await Journey.open('java-renamed', { extra: { BASE_DEAD_AFTER: '30s', EVICTION_RATE: '10' } })
    const base = await jvm(journey)
    await journey.apply(deployment({ name: 'web', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=web', 1, 60_000)
    const former = base.identity
    await base.restart({ identity: `${former}-again` })
    await journey.nodeReady(base.identity, 'True', 60_000)
    await journey.gone('node', `virtual-node-${former}`, 90_000)
    const [moved] = await journey.ready('app=web', 1, 60_000)
    expect(moved?.spec?.nodeName).toBe(`virtual-node-${base.identity}`)
    expect(await runs(base)).toEqual(['biz1:0.0.1 activated'])
  })
})

describe.concurrent('a broker that goes', () => {
  test('between two beats is not noticed; across a beat it stops the heart for good, and nothing else', async () => {
    await using broker = await Mosquitto.start()
    await using journey = await Journey.open('java-broker', { broker: { embedded: false, port: broker.port } })
    const base = await jvm(journey)
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    const [before] = await journey.ready('app=bare', 1, 60_000)
    const node = (await journey.node(base.identity))?.metadata?.uid
    const away = async (forMs: number): Promise<void> => {
      await broker.stop()
      await sleep(forMs)
      await broker.resume()
    }
    const nextBeat = (): Promise<unknown> => {
      const beats = base.said('heart').length
      return eventually('a beat', () => base.said('heart').length > beats)
    }

    await nextBeat()
    await away(2_000)
    await nextBeat()
    expect(base.beating).toBe(true)

    await away(13_000)
    await eventually('it answers, and beats no more', () => !base.beating && base.said('health').at(-1), 40_000)
    const beats = base.said('heart').length
    await always(
      'Node and Pod stay',
      async () => (await journey.node(base.identity))?.metadata?.uid === node && isReady(await journey.pod('bare')),
      30_000,
    )
    expect(base.said('heart')).toHaveLength(beats)
    await journey.apply(pod({ name: 'later', bizName: 'biz2', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=later', 1, 60_000)
    expect((await journey.pod('bare')).metadata?.uid).toBe(before?.metadata?.uid)
    expect(commandsOf(base, 'uninstallBiz')).toEqual([])
  })

  test('and was not there when the base started is found when it comes', async () => {
    await using journey = await Journey.open('java-early')
    const base = await (journey.world as JavaWorld).startUnheard(journey.name)
    await always('no Node', async () => (await journey.node(base.identity)) === undefined, 5_000)
    base.rejoin()
    await journey.nodeReady(base.identity, 'True', 30_000)
  })
})

describe.concurrent('a base in trouble', () => {
  test('downloads that hang hold two of its workers and no more: it answers, and is rid of modules', async () => {
    await using journey = await Journey.open('java-hanging', { extra: { INSTALL_DEADLINE: '10s' } })
    const { yard } = journey.world as JavaWorld
    const base = await jvm(journey)
    const draft = { namespace: journey.namespace, base: journey.name }
    await journey.apply(pod({ ...draft, name: 'sound' }))
    await journey.ready('app=sound', 1, 60_000)
    const hanging = ['biz4', 'biz5', 'biz6', 'biz7']
    for (const bizName of hanging) yard.hang(bizName)
    await journey.apply(...hanging.map(bizName => pod({ ...draft, name: bizName, bizName })))

    await eventually('two hang', () => yard.hanging === 2)
    expect(await journey.event(`virtual-node-${base.identity}`, 'CommandOverdue', 60_000)).toContain('may hang')
    await eventually('a Pod says it', async () => {
      const waiting = (await journey.pods()).flatMap(({ status }) => status?.containerStatuses ?? [])
      return waiting.some(({ state }) => /hang/.test(state?.waiting?.message ?? ''))
    })
    await journey.kubectl('delete', 'pod', 'sound')
    await eventually('it is rid of the sound one', async () => (await runs(base)).length === 0)
    const answers = base.said('health').length
    await eventually('it answers', () => base.said('health').length > answers, 60_000)
    expect(yard.hanging).toBe(2)
    const node = await journey.nodeReady(base.identity)
    expect(node.spec?.taints?.some(({ key }) => key.endsWith('/no-commands')) ?? false).toBe(false)
  })

  test('two JVMs of one identity: both are left alone, and it ends when one of them does', async () => {
    await using journey = await Journey.open('java-twins')
    const base = await jvm(journey)
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=bare', 1, 60_000)
    const twin = await (journey.world as JavaWorld).startTwin(base)
    const isTold = async (): Promise<boolean> =>
      condition(await journey.node(base.identity), 'TunnelReady')?.reason === 'DuplicateIdentity'
    await eventually('the Node says so', isTold, 60_000)
    expect(await journey.event(`virtual-node-${base.identity}`, 'DuplicateIdentity')).toContain('Two processes')
    const { spec } = (await journey.node(base.identity)) ?? {}
    expect(spec?.taints?.some(({ key, effect }) => key.endsWith('/no-commands') && effect === 'NoSchedule')).toBe(true)
    const commands = commandsOf(base, 'installBiz').length + commandsOf(base, 'uninstallBiz').length
    await always(
      'nothing is sent',
      async () => {
        return commandsOf(base, 'installBiz').length + commandsOf(base, 'uninstallBiz').length === commands
      },
      5_000,
    )
    await twin.kill()
    await eventually('it is over', async () => !(await isTold()), 150_000)
    await journey.ready('app=bare', 1, 60_000)
    expect(await runs(base)).toEqual(['biz1:0.0.1 activated'])
  })
})
