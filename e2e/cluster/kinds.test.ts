import { describe, expect, test } from 'vitest'
import { commandsOf, runs } from './base.ts'
import { eventually } from './eventually.ts'
import { Journey } from './journey.ts'
import { container, daemonSet, pod, statefulSet } from './workloads.ts'

describe('every kind of workload', () => {
  test('a bare Pod, a Pod of several modules, two Pods of one module', async () => {
    await using journey = await Journey.open('kinds-pod')
    const base = await journey.base()
    const common = { namespace: journey.namespace, base: journey.name }
    await journey.apply(pod({ ...common, name: 'one' }), pod({ ...common, name: 'twin' }))
    await journey.apply(
      pod({ ...common, name: 'several', containers: [container({ bizName: 'biz2' }), container({ bizName: 'biz3' })] }),
    )
    for (const name of ['one', 'twin', 'several']) await journey.ready(`app=${name}`, 1)
    expect(await runs(base)).toEqual(['biz1:0.0.1 activated', 'biz2:0.0.1 activated', 'biz3:0.0.1 activated'])
    expect(commandsOf(base, 'installBiz').filter(({ name }) => name === 'biz1')).toHaveLength(1)

    await journey.kubectl('delete', 'pod', 'one')
    expect(await runs(base)).toContain('biz1:0.0.1 activated')
    await journey.ready('app=twin', 1)
    await journey.kubectl('delete', 'pod', 'twin')
    await eventually(
      'the last claim takes its module along',
      async () => !(await runs(base)).includes('biz1:0.0.1 activated'),
    )
    await journey.kubectl('delete', 'pod', 'several')
    await eventually('both modules are gone', async () => (await runs(base)).length === 0)
  })

  test('a DaemonSet reaches a base that appears later; a StatefulSet keeps its names', async () => {
    await using journey = await Journey.open('kinds-sets')
    const common = { namespace: journey.namespace, base: journey.name }
    const first = await journey.base()
    await journey.apply(daemonSet({ ...common, name: 'everywhere' }))
    await journey.ready('app=everywhere', 1)
    const second = await journey.base()
    await journey.ready('app=everywhere', 2)
    await journey.apply(statefulSet({ ...common, name: 'ordered', bizName: 'biz2', replicas: 2 }))
    const pods = await journey.ready('app=ordered', 2)
    expect(pods.map(({ metadata }) => metadata?.name).sort()).toEqual(['ordered-0', 'ordered-1'])
    for (const base of [first, second]) expect(await runs(base)).toContain('biz1:0.0.1 activated')
  })

  test('modules shipped with the base are left alone', async () => {
    await using journey = await Journey.open('kinds-static')
    const base = await journey.base({ staticModules: [{ name: 'shipped', version: '1' }] })
    const common = { namespace: journey.namespace, base: journey.name }
    await journey.apply(pod({ ...common, name: 'mine' }))
    await journey.ready('app=mine', 1)
    await journey.kubectl('delete', 'pod', 'mine')
    await eventually('only mine is gone', async () => (await runs(base)).join() === 'shipped:1 activated')
    expect(commandsOf(base, 'uninstallBiz').filter(({ name }) => name === 'shipped')).toEqual([])

    await journey.apply(pod({ ...common, name: 'rival', bizName: 'shipped', version: '2' }))
    await eventually('the claim waits for it', async () => {
      const { status } = await journey.pod('rival')
      return status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ForeignModuleActive'
    })
    await journey.apply(pod({ ...common, name: 'adopter', bizName: 'shipped', version: '1' }))
    await journey.ready('app=adopter', 1)
    await journey.kubectl('delete', 'pod', 'adopter')
    expect(await runs(base)).toEqual(['shipped:1 activated'])
  })
})
