import { expect, test } from 'vitest'
import { commandsOf, runs } from './base.ts'
import { eventually } from './eventually.ts'
import { isReady, Journey } from './journey.ts'
import { pod } from './workloads.ts'

test('two environments know one identity: the second takes neither the Node nor a Pod of the first', async () => {
  await using dev = await Journey.open('env-dev')
  const identity = 'known-to-both'
  const base = await dev.base({ identity, ip: '10.9.8.1' })
  await dev.apply(pod({ name: 'bare', namespace: dev.namespace, base: dev.name }))
  const [before] = await dev.ready('app=bare', 1)
  const node = await dev.nodeReady(identity)

  await using other = await Journey.open('env-test', { extra: { BASE_DEAD_AFTER: '30s', PEER_REPLICAS: 'false' } })
  const stranger = await other.base({ identity, ip: '10.9.8.2' })
  expect(await dev.event(`virtual-node-${identity}`, 'NodeNameTaken')).toContain('exists')
  await dev.apply(pod({ name: 'late', namespace: dev.namespace, base: dev.name, bizName: 'biz2' }))
  await dev.ready('app=late', 1)
  expect(await runs(base)).toEqual(['biz1:0.0.1 activated', 'biz2:0.0.1 activated'])
  expect([commandsOf(stranger, 'installBiz'), await stranger.bizs()]).toEqual([[], []])

  // That one dies, and the other environment knows it.
  await stranger.kill()
  await eventually('it is given up', async () => (await other.operator.log()).includes('base given up'), 90_000)
  const after = await dev.pod('bare')
  expect([after.metadata?.uid, after.status?.podIP, isReady(after)]).toEqual([before?.metadata?.uid, base.ip, true])
  const standing = await dev.nodeReady(identity)
  expect([standing.metadata?.uid, standing.metadata?.labels?.['base.koupleless.io/ip']]).toEqual([
    node.metadata?.uid,
    base.ip,
  ])
})
