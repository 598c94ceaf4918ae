import { describe, expect, test } from 'vitest'
import { commandsOf, runs } from './base.ts'
import { always, eventually } from './eventually.ts'
import { isReady, Journey } from './journey.ts'
import { deployment, pod } from './workloads.ts'

const SHORT = { extra: { BASE_DEAD_AFTER: '45s', EVICTION_RATE: '10' } }

describe.concurrent('bases that come and go', () => {
  test('a dead base is NotReady after 25 s, then gone, and its Pods are replaced elsewhere', async () => {
    await using journey = await Journey.open('death', SHORT)
    const bases = [await journey.base(), await journey.base()]
    await journey.apply(deployment({ name: 'web', namespace: journey.namespace, base: journey.name }))
    const [first] = await journey.ready('app=web', 1)
    const dying = bases.find(({ identity }) => first?.spec?.nodeName === `virtual-node-${identity}`)
    const other = bases.find(base => base !== dying)
    const begun = Date.now()
    await dying?.kill()
    await journey.nodeReady(dying?.identity ?? '', 'Unknown', 40_000)
    expect(Date.now() - begun).toBeGreaterThan(20_000)
    await eventually('the Pod is not Ready', async () => !isReady(await journey.pod(first?.metadata?.name ?? '')))
    await journey.gone('node', `virtual-node-${dying?.identity}`, 60_000)
    const [replacement] = await journey.ready('app=web', 1)
    expect(replacement?.spec?.nodeName).toBe(`virtual-node-${other?.identity}`)
    expect(await other?.bizs()).toMatchObject([{ name: 'biz1', state: 'activated' }])
  })

  test('a Pod that asks to be kept for longer than its base may be silent is kept, with its Node', async () => {
    await using journey = await Journey.open('kept', { extra: { BASE_DEAD_AFTER: '30s', EVICTION_RATE: '10' } })
    const base = await journey.base()
    const { name, namespace } = journey
    const tolerations = ['virtual-node', 'not-ready', 'unreachable'].map(key =>
      key === 'virtual-node'
        ? { key: `schedule.koupleless.io/${key}`, operator: 'Exists' }
        : { key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3_600 },
    )
    await journey.apply(pod({ name: 'kept', namespace, base: name, spec: { tolerations } }))
    await journey.apply(pod({ name: 'other', namespace, base: name, bizName: 'biz2' }))
    const [kept] = await journey.ready('app=kept', 1)
    await journey.ready('app=other', 1)
    base.cutOff()
    await journey.gone('pod', 'other', 60_000)
    await journey.nodeReady(base.identity, 'Unknown')
    base.rejoin()
    const [same] = await journey.ready('app=kept', 1, 85_000)
    expect(same?.metadata?.uid).toBe(kept?.metadata?.uid)
    await eventually('what nobody claims is gone', async () => (await runs(base)).length === 1, 110_000)
  })

  test('a base cut off for 70 s is not taken for dead', async () => {
    await using journey = await Journey.open('cutoff')
    const base = await journey.base()
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=bare', 1)
    const uid = (await journey.pod('bare')).metadata?.uid
    base.cutOff()
    await always('Node and Pod stay', async () => (await journey.node(base.identity)) !== undefined, 70_000)
    base.rejoin()
    // Its reconnect delay has doubled to 64 s by now.
    await journey.ready('app=bare', 1, 85_000)
    expect((await journey.pod('bare')).metadata?.uid).toBe(uid)
    expect(commandsOf(base, 'uninstallBiz')).toEqual([])
    expect(commandsOf(base, 'installBiz')).toHaveLength(1)
  })

  test('a base whose own Pod is deleted drains at once, and is dead when that is gone', async () => {
    await using journey = await Journey.open('own-pod')
    const ip = '10.9.9.9'
    await journey.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'jvm', namespace: journey.namespace },
      spec: {
        nodeName: 'a-real-node',
        containers: [{ name: 'jvm', image: 'base:1' }],
        terminationGracePeriodSeconds: 60,
      },
    })
    await journey.kubectl(
      'patch',
      'pod',
      'jvm',
      '--subresource=status',
      '--type=merge',
      '--patch',
      JSON.stringify({ status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] } }),
    )
    const base = await journey.base({ ip, hostName: 'jvm' })
    await eventually('the base is pinned to its Pod', async () =>
      (await journey.node(base.identity))?.metadata?.annotations?.['base.koupleless.io/pod']?.includes('/jvm/'),
    )
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=bare', 1)
    await journey.kubectl('delete', 'pod', 'jvm', '--wait=false')
    await eventually('its module is not Ready', async () => !isReady(await journey.pod('bare')), 5_000)
    const { spec, status } = (await journey.node(base.identity)) ?? {}
    expect(spec?.taints).toContainEqual({ key: 'module-controller.koupleless.io/no-commands', effect: 'NoSchedule' })
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }))
    expect(await runs(base)).toEqual(['biz1:0.0.1 activated'])
    await base.kill()
    const begun = Date.now()
    await journey.kubectl('delete', 'pod', 'jvm', '--force', '--grace-period=0')
    await journey.gone('node', `virtual-node-${base.identity}`, 30_000)
    expect(Date.now() - begun).toBeLessThan(20_000)
  })

  test('a Node deleted by hand while its base lives comes back, and no module notices', async () => {
    await using journey = await Journey.open('node-deleted')
    const base = await journey.base()
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=bare', 1)
    const before = (await journey.node(base.identity))?.metadata?.uid
    await journey.kubectl('delete', 'node', `virtual-node-${base.identity}`)
    await eventually('another Node of that name is Ready', async () => {
      const node = await journey.node(base.identity)
      return (
        node?.metadata?.uid !== before &&
        node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
      )
    })
    expect(await base.bizs()).toMatchObject([{ name: 'biz1', state: 'activated' }])
    expect(commandsOf(base, 'uninstallBiz')).toEqual([])
  })

  test('a base that returns as another version gets no module that excludes it', async () => {
    await using journey = await Journey.open('other-version')
    const base = await journey.base()
    const { name, namespace } = journey
    await journey.apply(deployment({ name: 'web', namespace, base: name, baseVersion: '1.0.0' }))
    const [first] = await journey.ready('app=web', 1)
    await journey.base({ version: '1.0.0' })
    await base.restart({ version: '2.0.0' })
    await eventually('its Pod has failed, and another serves', async () => {
      const pods = await journey.pods('app=web')
      const former = pods.find(({ metadata }) => metadata?.uid === first?.metadata?.uid)
      return former?.status?.reason === 'NodeAffinity' && pods.some(isReady)
    })
    expect(await base.bizs()).toEqual([])
    expect(commandsOf(base, 'installBiz')).toHaveLength(1)
  })

  test('a base that returns under its identity with a new IP is taken over, its modules installed again', async () => {
    await using journey = await Journey.open('new-ip')
    const base = await journey.base()
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=bare', 1)
    await base.restart({ ip: '10.8.8.8' })
    await eventually('the Pod has the new address and runs again', async () => {
      const { status } = await journey.pod('bare')
      const [container] = status?.containerStatuses ?? []
      return (
        status?.podIP === '10.8.8.8' &&
        container?.ready &&
        container.restartCount === 1 &&
        container.lastState?.terminated?.reason === 'BaseRestarted'
      )
    })
    expect((await journey.node(base.identity))?.status?.addresses).toContainEqual({
      type: 'InternalIP',
      address: '10.8.8.8',
    })
    expect(await base.bizs()).toMatchObject([{ name: 'biz1', state: 'activated' }])
  })
})
