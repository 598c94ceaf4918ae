import type { V1Lease } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { ApiError, type Log } from '../ports.ts'
import { AReplica, Versions } from './a-replica.ts'
import { type Members, ReplicasController } from './controller.ts'
import { readMember } from './member-lease.ts'
import { planMembership } from './plan.ts'
import { ALONE_RENEW_EVERY_MS, GONE_AFTER_MS, RENEW_EVERY_MS, SWEEP_AFTER_MS } from './settings.ts'

const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }

function aRig() {
  const versions = new Versions()
  const us = new AReplica('op-1', undefined, versions)
  const held = new Map<string, V1Lease>()
  const calls: string[] = []
  const rig = {
    us,
    held,
    calls,
    fails: undefined as ApiError | undefined,
    changes: 0,
    versions,
    deposed: [] as string[],
  }
  const write = async (what: string, lease: V1Lease): Promise<V1Lease> => {
    calls.push(what)
    if (rig.fails) throw rig.fails
    const name = lease.metadata?.name ?? ''
    const known = held.get(name)
    if (what === 'create' ? known : known?.metadata?.resourceVersion !== lease.metadata?.resourceVersion)
      throw new ApiError(409, 'conflict')
    const stored = versions.stamped(lease)
    held.set(name, stored)
    return stored
  }
  const members: Members = {
    read: async name => held.get(name),
    create: lease => write('create', lease),
    replace: lease => write('replace', lease),
    remove: async name => void held.delete(name),
  }
  const onChange = (): void => void rig.changes++
  const controller = new ReplicasController({
    replicas: us.replicas,
    members,
    clock: us.clock,
    log: silentLog,
    onChange,
    onDeposed: why => rig.deposed.push(why),
  })
  return { ...rig, rig, controller, members }
}

test('its membership is created at once, and renewed: alone every six seconds, beside another every three', async () => {
  const { controller, us, calls, versions } = aRig()
  await controller.reconcile()
  expect(us.replicas.fresh).toBe(true)
  await us.clock.step(RENEW_EVERY_MS)
  await controller.reconcile()
  expect(calls).toEqual(['create'])
  await us.clock.step(ALONE_RENEW_EVERY_MS - RENEW_EVERY_MS)
  await controller.reconcile()
  expect(calls).toEqual(['create', 'replace'])
  us.replicas.memberSeen(new AReplica('op-2', us.clock, versions).renew())
  await us.clock.step(RENEW_EVERY_MS)
  await controller.reconcile()
  expect(calls).toEqual(['create', 'replace', 'replace'])
})

test('a Lease that a former life left is taken over', async () => {
  const { controller, us, held, versions } = aRig()
  const former = new AReplica('op-1', us.clock, versions)
  const lease = former.renew()
  held.set(lease.metadata?.name ?? '', lease)
  await controller.reconcile()
  await us.clock.step(1_000)
  await controller.reconcile()
  expect(us.replicas.fresh).toBe(true)
  expect([...held.values()].map(each => each.spec?.holderIdentity)).toEqual([us.replicas.holder])
})

test('one that cannot renew says so to all rooms once it is fenced, and again when it is back', async () => {
  const { controller, us, rig } = aRig()
  await controller.reconcile()
  const before = rig.changes
  rig.fails = new ApiError(0, 'no answer')
  for (let at = 0; at < 12; at++) {
    await us.clock.step(1_000)
    await controller.reconcile()
  }
  expect(us.replicas.fresh).toBe(false)
  expect(rig.changes).toBe(before + 1)
  rig.fails = undefined
  await us.clock.step(1_000)
  await controller.reconcile()
  expect(us.replicas.fresh).toBe(true)
  expect(rig.changes).toBeGreaterThan(before + 1)
})

test('told to stop it says so, and others see it', async () => {
  const { controller, held } = aRig()
  await controller.reconcile()
  await controller.release()
  expect([...held.values()].map(lease => readMember(lease)?.released)).toEqual([true])
})

test('what a replica that is gone left behind is removed after a while', async () => {
  const { controller, us, held, versions } = aRig()
  const other = new AReplica('op-2', us.clock, versions)
  other.renew()
  const released = other.released()
  held.set(released.metadata?.name ?? '', released)
  us.replicas.memberSeen(released)
  await controller.reconcile()
  expect(held.size).toBe(2)
  for (let atMs = 0; atMs < SWEEP_AFTER_MS; atMs += RENEW_EVERY_MS) {
    expect(held.size).toBe(2)
    await us.clock.step(RENEW_EVERY_MS)
    await controller.reconcile()
  }
  expect(held.has(released.metadata?.name ?? '')).toBe(false)
})

test('a removal that is never answered keeps no renewal waiting', async () => {
  const { controller, us, held, versions, members } = aRig()
  members.remove = () => new Promise(() => undefined)
  const other = new AReplica('op-2', us.clock, versions)
  other.renew()
  const released = other.released()
  held.set(released.metadata?.name ?? '', released)
  us.replicas.memberSeen(released)
  let ended = 0
  for (let atMs = 0; atMs <= SWEEP_AFTER_MS; atMs += RENEW_EVERY_MS) {
    void controller.reconcile().then(() => ended++)
    await us.clock.step(RENEW_EVERY_MS)
  }
  await us.clock.step(RENEW_EVERY_MS)
  void controller.reconcile().then(() => ended++)
  await us.clock.step(0)
  expect(ended).toBe(SWEEP_AFTER_MS / RENEW_EVERY_MS + 2)
  expect(us.replicas.fresh).toBe(true)
})

test('whose place another process of our name has taken, it says so, and renews no more', async () => {
  const { controller, us, rig, calls, versions } = aRig()
  await controller.reconcile()
  expect(rig.deposed).toEqual([])
  us.replicas.memberSeen({ ...new AReplica('op-1', us.clock, versions).renew(), spec: { holderIdentity: 'op-1_twin' } })
  await us.clock.step(RENEW_EVERY_MS)
  await controller.reconcile()
  expect(rig.deposed).toEqual([expect.stringContaining('bears our CLIENT_ID and took our place: op-1_twin')])
  await controller.release()
  expect(calls).toEqual(['create'])
})

test('while somebody is silent our own renewals prove that our watch is current', () => {
  const nowMs = 100_000
  const facts = { renewedAtMs: nowMs - 100, triedAtMs: nowMs - 600, outdated: false, provenMs: nowMs - 100, nowMs }
  const silent = { ...facts, changedAtMs: [nowMs - GONE_AFTER_MS] }
  expect(planMembership(silent)).toMatchObject({ renew: true })
  expect(planMembership({ ...silent, triedAtMs: nowMs - 100 })).toMatchObject({ renew: false, wakeAfterMs: 400 })
  expect(planMembership({ ...facts, changedAtMs: [nowMs - 1_000] })).toMatchObject({ renew: false })
})
