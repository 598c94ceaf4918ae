import { describe, expect, test } from 'vitest'
import { commandsOf } from './base.ts'
import { eventually } from './eventually.ts'
import { Journey } from './journey.ts'
import { deployment, pod, service } from './workloads.ts'

interface EndpointSlices {
  readonly items: {
    readonly endpoints?: { readonly addresses: string[]; readonly conditions: { readonly ready?: boolean } }[]
  }[]
}

describe('what others see of modules', () => {
  test('a module for a base version that does not exist yet waits, and is installed when that base appears', async () => {
    await using journey = await Journey.open('incompatible')
    await journey.base({ version: '1.0.0' })
    await journey.apply(
      deployment({ name: 'next', namespace: journey.namespace, base: journey.name, baseVersion: '2.0.0' }),
    )
    await eventually('the Pod is Pending and bound to nothing', async () => {
      const [waiting] = await journey.pods('app=next')
      return waiting?.status?.conditions?.some(
        ({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable',
      )
    })
    const base = await journey.base({ version: '2.0.0' })
    await journey.ready('app=next', 1)
    expect(await base.bizs()).toMatchObject([{ name: 'biz1', state: 'activated' }])
  })

  test('the EndpointSlice of a Service lists exactly the Ready module Pods', async () => {
    await using journey = await Journey.open('service')
    const bases = [await journey.base(), await journey.base()]
    const spread = {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'web' } },
        },
      ],
    }
    await journey.apply(service({ name: 'web', namespace: journey.namespace }))
    await journey.apply(
      deployment({ name: 'web', namespace: journey.namespace, base: journey.name, replicas: 2, spec: spread }),
    )
    await journey.ready('app=web', 2)
    const readyAddresses = async () => {
      const { items } = await journey.get<EndpointSlices>(
        'endpointslices',
        '--selector',
        'kubernetes.io/service-name=web',
      )
      const endpoints = items.flatMap(({ endpoints: found = [] }) => found)
      return endpoints
        .filter(({ conditions }) => conditions.ready)
        .flatMap(({ addresses }) => addresses)
        .sort()
    }
    const expected = bases
      .map(({ ip }) => ip)
      .sort()
      .join()
    await eventually('both are listed', async () => (await readyAddresses()).join() === expected)
    bases[1]?.refuse('biz1', 'planted')
    await bases[1]?.restart()
    await eventually('only the one that serves is listed', async () => (await readyAddresses()).join() === bases[0]?.ip)
    bases[1]?.accept('biz1')
    await eventually('both again', async () => (await readyAddresses()).join() === expected, 60_000)
  })

  test('a module that fails to install says why, backs off, and recovers when it is fixed', async () => {
    await using journey = await Journey.open('failing')
    const base = await journey.base()
    base.refuse('biz1', 'java.lang.IllegalStateException: no database')
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    await eventually(
      'kubectl get shows it',
      async () => (await journey.kubectl('get', 'pod', 'bare')).match(/InstallFailed|InstallBackOff/) !== null,
    )
    const described = await eventually('describe tells of it', async () => {
      const text = await journey.kubectl('describe', 'pod', 'bare')
      return text.includes('BackOff') && text.includes('no database') ? text : undefined
    })
    expect(described).toContain('IllegalStateException')
    base.accept('biz1')
    await journey.ready('app=bare', 1, 60_000)
  })

  test('an invalid module is told which field is wrong, and nothing is sent', async () => {
    await using journey = await Journey.open('invalid')
    const base = await journey.base()
    await journey.apply(pod({ name: 'bad', namespace: journey.namespace, base: journey.name, image: 'nginx:latest' }))
    expect(await journey.event('bad', 'InvalidModule')).toContain('spec.containers[biz1].image')
    expect(commandsOf(base, 'installBiz')).toEqual([])
    await journey.kubectl('delete', 'pod', 'bad')
  })
})
