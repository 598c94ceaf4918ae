import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { SteppedClock } from '../reconcilers/loop/stepped-clock.ts'
import { KeyQueue, type WorkQueue } from '../reconcilers/loop/work-queue.ts'
import { type NodeName, nodeName, podKey } from '../reconcilers/names.ts'
import { aPod } from '../reconcilers/pod-lifecycle/a-pod.ts'
import { aBase } from '../reconcilers/registry/a-base.ts'
import type { BaseRecord } from '../reconcilers/registry/base-record.ts'
import { type AllQueues, Wakes } from './wakes.ts'

const NODE = nodeName('virtual-node-b1')
const WEB = podKey('default', 'web')
const API = podKey('default', 'api')

const keysOf = (queue: Pick<WorkQueue<string>, 'snapshot'>): readonly string[] => queue.snapshot().map(({ key }) => key)

function aRig(record: BaseRecord = aBase(), nodes: NodeName[] = [NODE]) {
  const clock = new SteppedClock()
  const newQueue = <K extends string>(): KeyQueue<K> => new KeyQueue<K>({ clock, rng: { next: () => 0 } })
  const queues: AllQueues = {
    nodeLease: newQueue(),
    baseTunnel: newQueue(),
    modules: newQueue(),
    pods: newQueue(),
    unmanaged: newQueue(),
  }
  const wakes = new Wakes({
    queues,
    registry: { byNode: name => (name === record.nodeName ? record : undefined), list: () => [record] },
    store: { node: name => (nodes.includes(name) ? {} : undefined), podKeysOn: () => [WEB, API] },
  })
  const woken = () =>
    Object.fromEntries(
      Object.entries(queues).flatMap(([name, queue]) => {
        const keys = keysOf(queue)
        return keys.length > 0 ? [[name, keys]] : []
      }),
    )
  return { wakes, woken, nodes, queues }
}

describe('a Pod', () => {
  test('wakes itself and the commands of its base', () => {
    const { wakes, woken } = aRig()
    wakes.podChanged(aPod({ name: 'web' }), false)
    expect(woken()).toEqual({ modules: ['b1'], pods: [WEB] })
  })

  test('on its way out wakes the others of its base: one of them may win', () => {
    const { wakes, woken } = aRig()
    wakes.podChanged(aPod({ name: 'web', deleting: true }), false)
    expect(woken()).toEqual({ modules: ['b1'], pods: [WEB, API] })
  })

  test('the last one of a dead base lets its Node go', () => {
    const dead = aBase({ reach: { state: 'dead', sinceMs: 0, why: 'silent' } })
    const { wakes, woken } = aRig(dead)
    wakes.podChanged(aPod({ name: 'web' }), true)
    expect(woken()).toMatchObject({ nodeLease: [NODE] })
  })

  test('bound to nothing that we know wakes itself alone', () => {
    const { wakes, woken } = aRig()
    const pod: V1Pod = { metadata: { namespace: 'default', name: 'web' }, spec: { containers: [] } }
    wakes.podChanged(pod, false)
    expect(woken()).toEqual({ pods: [WEB] })
  })
})

describe('a Node', () => {
  test('is looked through for other Pods once when it appears, not at each of its changes', () => {
    const { wakes, woken } = aRig()
    wakes.nodeOrLeaseChanged(NODE)
    expect(woken()).toEqual({ nodeLease: [NODE], unmanaged: [NODE] })
  })

  test('that went and came back is looked through again', async () => {
    const { wakes, nodes, queues } = aRig()
    const signal = new AbortController().signal
    const take = async (): Promise<void> => {
      const key = await queues.unmanaged.take(signal)
      if (key) queues.unmanaged.done(key)
    }
    wakes.nodeOrLeaseChanged(NODE)
    await take()
    wakes.nodeOrLeaseChanged(NODE)
    expect(queues.unmanaged.size).toBe(0)
    nodes.pop()
    wakes.nodeOrLeaseChanged(NODE)
    nodes.push(NODE)
    wakes.nodeOrLeaseChanged(NODE)
    expect(queues.unmanaged.size).toBe(1)
  })
})

test('the Pod that a base runs in wakes the judge of that base', () => {
  const basePod = { namespace: 'java', name: 'base', uid: 'uid-base' }
  const { wakes, woken } = aRig(aBase({ basePod }))
  wakes.basePodChanged('uid-other')
  expect(woken()).toEqual({})
  wakes.basePodChanged('uid-base')
  expect(woken()).toEqual({ baseTunnel: ['b1'] })
})

test('our connection up: all bases are asked, all Nodes tell of it; down: the Nodes alone', () => {
  const up = aRig()
  up.wakes.linkChanged({ connected: true, epoch: 1, sinceMs: 0, why: 'connected' })
  expect(up.woken()).toEqual({ nodeLease: [NODE], baseTunnel: ['b1'] })
  const down = aRig()
  down.wakes.linkChanged({ connected: false, epoch: 1, sinceMs: 0, why: 'cut' })
  expect(down.woken()).toEqual({ nodeLease: [NODE] })
})

test('at start every key is looked at', () => {
  const { wakes, woken } = aRig()
  wakes.everything()
  expect(woken()).toEqual({ nodeLease: [NODE], baseTunnel: ['b1'], modules: ['b1'], pods: [WEB, API] })
})

test('what changed about a base goes by the table', () => {
  const { wakes, woken } = aRig()
  wakes.baseChanged('moved', aBase())
  expect(woken()).toEqual({ nodeLease: [NODE], baseTunnel: ['b1'], pods: [WEB, API] })
})
