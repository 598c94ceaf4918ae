import { describe, expect, test } from 'vitest'
import { commandsOf } from './base.ts'
import { eventually } from './eventually.ts'
import { isReady, Journey } from './journey.ts'
import { daemonSet, deployment, pod, service } from './workloads.ts'

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

  test('a base that tells an address of its machine alone takes nobody out of a Service', async () => {
    await using journey = await Journey.open('no-address')
    const good = await journey.base()
    const lost = await journey.base({ ip: '127.0.1.1' })
    const draft = { name: 'web', namespace: journey.namespace, base: journey.name }
    await journey.apply(service(draft), daemonSet(draft))
    const pods = await journey.ready('app=web', 2)
    const ipOn = (identity: string) =>
      pods.find(({ spec }) => spec?.nodeName === `virtual-node-${identity}`)?.status?.podIP
    expect([ipOn(good.identity), ipOn(lost.identity)]).toEqual([good.ip, undefined])
    await eventually('the slice lists the other', async () => (await addressesOf(journey, 'web')).join() === good.ip)
    const node = await journey.nodeReady(lost.identity)
    expect(node.status?.addresses).toEqual([{ type: 'Hostname', address: lost.identity }])
    expect(await journey.event(`virtual-node-${lost.identity}`, 'NoAddress')).toContain('"127.0.1.1"')

    // It comes back with an address, then without one.
    const ip = good.ip.replace(/\d+$/, '77')
    await lost.restart({ ip })
    const both = [good.ip, ip].sort().join()
    await eventually('both are listed', async () => (await addressesOf(journey, 'web')).join() === both)
    await lost.restart({ ip: 'unknown' })
    await eventually('one is listed again', async () => (await addressesOf(journey, 'web')).join() === good.ip)
    await eventually('its Pod has no IP', async () => {
      const found = (await journey.pods('app=web')).find(({ spec }) => spec?.nodeName?.endsWith(lost.identity))
      return found && isReady(found) && found.status?.podIP === undefined
    })
  })

  test('whose labels somebody removed gets them back, and its Pods notice nothing', async () => {
    await using journey = await Journey.open('stripped')
    const base = await journey.base()
    await journey.apply(pod({ name: 'bare', namespace: journey.namespace, base: journey.name }))
    await journey.ready('app=bare', 1)
    const { metadata } = await journey.nodeReady(base.identity)
    const node = `virtual-node-${base.identity}`
    const ours = ['virtual-kubelet.koupleless.io/env', 'virtual-kubelet.koupleless.io/component']
    for (const removed of [ours.slice(0, 1), ours.slice(1), ours]) {
      await journey.kubectl('label', 'node', node, ...removed.map(label => `${label}-`))
      await eventually('the labels are back', async () => {
        const labels = (await journey.node(base.identity))?.metadata?.labels ?? {}
        return labels[ours[0] ?? ''] === journey.name && labels[ours[1] ?? ''] === 'vnode'
      })
    }
    expect((await journey.node(base.identity))?.metadata?.uid).toBe(metadata?.uid)
    await journey.ready('app=bare', 1)
    expect(commandsOf(base, 'installBiz')).toHaveLength(1)
    expect(await journey.events(node, 'NodeNameTaken')).toEqual([])
  })
})

interface EndpointSlices {
  readonly items: { readonly endpoints?: { readonly addresses: string[] }[] }[]
}

async function addressesOf(journey: Journey, name: string): Promise<readonly string[]> {
  const selector = `kubernetes.io/service-name=${name}`
  const { items } = await journey.get<EndpointSlices>('endpointslices', '--selector', selector)
  return items.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)).sort()
}
