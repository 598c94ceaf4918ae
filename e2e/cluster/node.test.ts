import { describe, expect, test } from 'vitest'
import { Journey } from './journey.ts'
import { deployment } from './workloads.ts'

describe.concurrent('what Kubernetes and its tools expect of a Node', () => {
  test('replicas that may not stand together stand on two bases of one machine', async () => {
    await using journey = await Journey.open('one-machine')
    const bases = [await journey.base({ hostName: 'vm1' }), await journey.base({ hostName: 'vm1' })]
    const apart = {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } },
          ],
        },
      },
    }
    const draft = { name: 'web', namespace: journey.namespace, base: journey.name, replicas: 2, spec: apart }
    await journey.apply(deployment(draft))
    const pods = await journey.ready('app=web', 2)
    const nodes = bases.map(({ identity }) => `virtual-node-${identity}`)
    expect(pods.map(({ spec }) => spec?.nodeName).sort()).toEqual(nodes)
    const { metadata, status } = await journey.nodeReady(bases[0]?.identity ?? '')
    expect(metadata?.labels).toMatchObject({
      'kubernetes.io/hostname': nodes[0],
      'base.koupleless.io/host-name': 'vm1',
    })
    expect(status?.addresses).toContainEqual({ type: 'Hostname', address: 'vm1' })
  })
})
