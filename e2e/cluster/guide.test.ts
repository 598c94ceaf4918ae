import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commandsOf } from './base.ts'
import { Journey } from './journey.ts'

const SAMPLE = join(import.meta.dirname, '..', '..', 'samples', 'module-deployment.yaml')
const APP = 'app=test-module-deployment-non-peer'

describe('the user guide', () => {
  test('its sample goes online, is found, scales, and goes offline with its module', async () => {
    await using journey = await Journey.open('guide')
    const base = await journey.base({ name: 'base', version: '1.1.1' })
    const second = await journey.base({ name: 'base', version: '1.1.1' })

    // The sample as shipped, but for its namespace: journeys share a cluster.
    const sample = (await readFile(SAMPLE, 'utf8')).replace('namespace: default', `namespace: ${journey.namespace}`)
    await journey.applyText(sample)
    const [pod] = await journey.ready(APP, 1)
    expect(pod?.status?.podIP).toBe(pod?.spec?.nodeName === `virtual-node-${base.identity}` ? base.ip : second.ip)
    expect(pod?.status?.hostIP).toBe(pod?.status?.podIP)
    const serving = [base, second].find(({ identity }) => pod?.spec?.nodeName === `virtual-node-${identity}`)
    expect(await serving?.bizs()).toMatchObject([{ name: 'biz1', version: '0.0.1-SNAPSHOT', state: 'activated' }])

    const byIp = await journey.kubectl(
      'get',
      'pods',
      '--field-selector',
      `status.podIP=${serving?.ip}`,
      '--output',
      'name',
    )
    expect(byIp.trim()).toBe(`pod/${pod?.metadata?.name}`)
    const byNode = await journey.kubectl(
      'get',
      'pods',
      '--field-selector',
      `spec.nodeName=virtual-node-${serving?.identity}`,
      '--output',
      'name',
    )
    expect(byNode).toBe(byIp)

    await journey.kubectl('scale', 'deployment/test-module-deployment', '--replicas', '2')
    await journey.ready(APP, 2)
    await journey.kubectl('scale', 'deployment/test-module-deployment', '--replicas', '1')
    await journey.ready(APP, 1)

    const begun = Date.now()
    await journey.kubectl('delete', 'deployment', 'test-module-deployment')
    await journey.ready(APP, 0)
    expect(Date.now() - begun).toBeLessThan(20_000) // not the grace period of 30 s
    expect([...(await base.bizs()), ...(await second.bizs())]).toEqual([])
    const uninstalls = [base, second].flatMap(one => commandsOf(one, 'uninstallBiz'))
    expect(uninstalls.length).toBeLessThanOrEqual(2)
    expect((await journey.events(pod?.metadata?.name ?? '')).join('\n')).toContain('biz1:0.0.1-SNAPSHOT is active')
  })

  test('the Node tells what the base is', async () => {
    await using journey = await Journey.open('guide-node')
    const base = await journey.base({ name: 'shop', version: '2.0.0' })
    const node = await journey.nodeReady(base.identity)
    expect(node.metadata?.labels).toMatchObject({
      'base.koupleless.io/stack': 'java',
      'base.koupleless.io/name': 'shop',
      'base.koupleless.io/version': '2.0.0',
      'base.koupleless.io/cluster-name': 'guide-node',
      'base.koupleless.io/ip': base.ip,
      'vnode.koupleless.io/tunnel': 'mqtt',
      'virtual-kubelet.koupleless.io/component': 'vnode',
      'virtual-kubelet.koupleless.io/env': 'guide-node',
    })
    expect(node.spec?.taints).toContainEqual(
      expect.objectContaining({ key: 'schedule.koupleless.io/virtual-node', value: 'True', effect: 'NoExecute' }),
    )
    expect(node.status?.addresses).toContainEqual({ type: 'InternalIP', address: base.ip })
    expect(node.status?.capacity).toMatchObject({ pods: '110' })
    const { gitVersion } = JSON.parse(await journey.kubectl('get', '--raw', '/version')) as { gitVersion: string }
    expect(node.status?.nodeInfo?.kubeletVersion).toMatch(new RegExp(`^${gitVersion}-koupleless-\\d+\\.\\d+\\.\\d+`))
    expect(Number.parseInt(String(node.status?.capacity?.memory ?? 0), 10)).toBeGreaterThan(0)
  })
})
