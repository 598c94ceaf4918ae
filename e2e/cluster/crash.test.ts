import { expect, test } from 'vitest'
import { runs } from './base.ts'
import { eventually } from './eventually.ts'
import { Journey } from './journey.ts'
import { deployment, jarUrl } from './workloads.ts'

test('an operator killed -9 in the middle of scaling, updating, undoing and deleting loses nothing and does nothing twice', async () => {
  await using journey = await Journey.open('crash')
  const bases = [await journey.base({ installMs: 400 }), await journey.base({ installMs: 400 })]
  const installed = async () =>
    (await Promise.all(bases.map(async base => (await runs(base)).map(module => `${base.identity} ${module}`)))).flat()
  const restart = async () => {
    await journey.operator.kill9()
    await journey.operator.start()
    for (const { identity } of bases) expect(await journey.node(identity)).toBeDefined()
  }
  const names = ['a', 'b', 'c', 'd']
  await journey.apply(
    ...names.map(bizName =>
      deployment({ name: bizName, bizName, namespace: journey.namespace, base: journey.name, replicas: 1 }),
    ),
  )
  await restart()
  for (const name of names) await journey.ready(`app=${name}`, 1, 60_000)

  for (const name of names) await journey.kubectl('scale', `deployment/${name}`, '--replicas=2')
  await restart()
  for (const name of names) await journey.ready(`app=${name}`, 2, 60_000)

  const nodes = async () =>
    JSON.stringify(await Promise.all(bases.map(async ({ identity }) => (await journey.node(identity))?.metadata?.uid)))
  const uids = await nodes()
  for (const bizName of names) {
    const containers = [
      { name: bizName, image: jarUrl(bizName, '0.0.2'), env: [{ name: 'BIZ_VERSION', value: '0.0.2' }] },
    ]
    await journey.kubectl(
      'patch',
      `deployment/${bizName}`,
      '--patch',
      JSON.stringify({ spec: { template: { spec: { containers } } } }),
    )
  }
  await restart()
  for (const name of names) await journey.kubectl('rollout', 'status', `deployment/${name}`, '--timeout=90s')
  for (const name of names) await journey.kubectl('rollout', 'undo', `deployment/${name}`)
  await restart()
  for (const name of names) await journey.kubectl('rollout', 'status', `deployment/${name}`, '--timeout=90s')
  for (const name of names) await journey.ready(`app=${name}`, 2, 60_000)
  await eventually('each base runs what its Pods say', async () => {
    const claims = (await journey.pods()).map(
      ({ spec }) => `${spec?.nodeName?.slice('virtual-node-'.length)} ${spec?.containers[0]?.name}:0.0.1 activated`,
    )
    return [...new Set(claims)].sort().join() === [...(await installed())].sort().join()
  })
  expect(await nodes()).toBe(uids)
  // An install of what the base shows active from that very claim: the base answers REPEAT_BIZ to it.
  expect(journey.answers.filter(({ dataCode }) => dataCode === 'REPEAT_BIZ')).toEqual([])

  await journey.kubectl('delete', 'deployment', '--all', '--wait=false')
  await restart()
  await eventually(
    'nothing is left',
    async () => (await installed()).length === 0 && (await journey.pods()).length === 0,
    60_000,
  )
})
