import type { V1Toleration } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { eventually } from './eventually.ts'
import { Journey } from './journey.ts'
import { deployment, pod } from './workloads.ts'

const UNREACHABLE = 'node.kubernetes.io/unreachable'

describe.concurrent('manners of Kubernetes', () => {
  test('cordon, drain and a PodDisruptionBudget', async () => {
    await using journey = await Journey.open('drain')
    const bases = [await journey.base(), await journey.base()]
    await journey.apply(deployment({ name: 'web', namespace: journey.namespace, base: journey.name, replicas: 2 }), {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: journey.namespace },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    })
    const [first] = await journey.ready('app=web', 2)
    const node = first?.spec?.nodeName ?? ''
    await journey.kubectl('drain', node, '--ignore-daemonsets', '--timeout=90s', '--pod-selector=app=web')
    await eventually('both run on the other base', async () => {
      const pods = await journey.ready('app=web', 2)
      return pods.every(({ spec }) => spec?.nodeName !== node)
    })
    const drained = bases.find(({ identity }) => node === `virtual-node-${identity}`)
    await eventually('the drained base runs nothing', async () => (await drained?.bizs())?.length === 0)
    expect((await journey.node(drained?.identity ?? ''))?.spec?.unschedulable).toBe(true)
    await journey.kubectl('uncordon', node)
  })

  test("tolerations that admission added lose their seconds, a user's own do not", async () => {
    await using journey = await Journey.open('tolerations')
    await journey.base()
    const draft = { namespace: journey.namespace, base: journey.name }
    const own = [{ key: UNREACHABLE, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }]
    const virtual = {
      key: 'schedule.koupleless.io/virtual-node',
      operator: 'Equal',
      value: 'True',
      effect: 'NoExecute',
    }
    await journey.apply(
      pod({ ...draft, name: 'plain' }),
      pod({ ...draft, name: 'own', bizName: 'biz2', spec: { tolerations: [virtual, ...own] } }),
    )
    const tolerationOf = async (name: string): Promise<V1Toleration | undefined> =>
      (await journey.pod(name)).spec?.tolerations?.find(({ key }) => key === UNREACHABLE)
    await eventually(
      'the seconds of admission are gone',
      async () => {
        const found = await tolerationOf('plain')
        return found && found.tolerationSeconds === undefined
      },
      60_000,
    )
    await journey.ready('app=own', 1)
    expect((await tolerationOf('own'))?.tolerationSeconds).toBe(60)
  })

  test('the operator stops cleanly within two seconds', async () => {
    await using journey = await Journey.open('stop')
    await journey.base()
    expect(await journey.operator.stop()).toBeLessThan(2_000)
  })
})
