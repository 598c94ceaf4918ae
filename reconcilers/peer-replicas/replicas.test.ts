import { beforeEach, describe, expect, test } from 'vitest'
import { AReplica, NODE, Versions } from './a-replica.ts'
import { FENCE_AFTER_MS, GONE_AFTER_MS, NEWCOMER_AFTER_MS } from './settings.ts'

let versions: Versions
let us: AReplica
let other: AReplica

beforeEach(() => {
  versions = new Versions()
  us = new AReplica('op-1', undefined, versions)
  other = new AReplica('op-2', us.clock, versions)
})

/** Both renew and see each other, every three seconds. */
async function live(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 3_000) {
    us.replicas.memberSeen(other.renew())
    other.replicas.memberSeen(us.renew())
    await us.clock.step(Math.min(3_000, left))
  }
}

describe('our own membership', () => {
  test('before the first renewal nothing is touched', () => {
    expect(us.tenure()).toMatchObject({ kind: 'fence' })
    expect(us.replicas.acts(NODE)).toBe(false)
  })

  test('what the API server took in our name is ours until the last renewal is ten seconds old', async () => {
    us.renew()
    us.takes()
    expect(us.replicas.holds(NODE)).toBe(true)
    await us.clock.step(FENCE_AFTER_MS - 1)
    expect(us.replicas.holds(NODE)).toBe(true)
    await us.clock.step(1)
    expect(us.replicas.holds(NODE)).toBe(false)
    expect(us.replicas.acts(NODE)).toBe(false)
  })

  test('it counts from when the renewal began, and not from its answer', async () => {
    us.renew()
    us.takes()
    const beganAtMs = us.clock.now()
    await us.clock.step(4_000)
    us.replicas.renewed(versions.stamped(us.replicas.ownLease ?? {}), beganAtMs)
    await us.clock.step(FENCE_AFTER_MS - 4_000)
    expect(us.replicas.fresh).toBe(false)
  })

  test('frozen for a minute: it comes back under another name, and holds nothing', async () => {
    us.renew()
    us.takes()
    const before = us.replicas.holder
    await us.clock.step(60_000)
    us.renew()
    expect(us.replicas.fresh).toBe(false)
    us.renew()
    expect(us.replicas.fresh).toBe(true)
    expect(us.replicas.holder).not.toBe(before)
    expect(us.replicas.holds(NODE)).toBe(false)
    expect(us.tenure()).toMatchObject({ kind: 'take', why: 'its Lease names a former life of ours' })
  })

  test('an answer to a write of a former life gives nothing', async () => {
    us.renew()
    const askedAtMs = us.clock.now()
    const lease = us.shows(us.replicas.holder)
    await us.clock.step(60_000)
    us.renew()
    us.renew()
    us.replicas.took(NODE, lease, askedAtMs)
    expect(us.replicas.holds(NODE)).toBe(false)
  })

  test('another process of our name ends us', () => {
    const twin = new AReplica('op-1', us.clock, versions)
    us.renew()
    us.takes()
    twin.replicas.memberSeen(us.replicas.ownLease ?? {})
    us.replicas.memberSeen({ ...twin.renew(), spec: { holderIdentity: 'op-1_twin' } })
    expect(us.replicas.deposed).toBe(true)
    expect(us.replicas.holds(NODE)).toBe(false)
  })

  test('the late sight of a former life of ours does not', () => {
    const former = new AReplica('op-1', us.clock, versions)
    const late = { ...former.renew(), spec: { holderIdentity: 'op-1_former' } }
    us.renew()
    us.replicas.memberSeen(late)
    expect(us.replicas.deposed).toBe(false)
  })

  test('told to stop it touches nothing more', () => {
    us.renew()
    us.takes()
    us.replicas.stop()
    expect(us.replicas.acts(NODE)).toBe(false)
  })
})

describe('the base of another', () => {
  test('is left alone as long as that one renews', async () => {
    us.shows(other.replicas.holder)
    await live(60_000)
    expect(us.tenure()).toMatchObject({ kind: 'leave' })
    expect(us.replicas.acts(NODE)).toBe(false)
  })

  test('is taken when it has not renewed for thirteen seconds, and our watch is proven', async () => {
    us.shows(other.replicas.holder)
    us.replicas.memberSeen(other.renew())
    const sinceMs = us.clock.now()
    while (us.clock.now() - sinceMs < GONE_AFTER_MS) {
      us.renew()
      expect(us.tenure()).toMatchObject({ kind: 'leave' })
      await us.clock.step(1_000)
    }
    us.renew()
    expect(us.tenure()).toMatchObject({ kind: 'take' })
  })

  test('is not taken on the word of a watch that stands still', async () => {
    us.shows(other.replicas.holder)
    us.replicas.memberSeen(other.renew())
    us.renew()
    for (let at = 0; at < 20; at++) {
      await us.clock.step(3_000)
      // Renewed, and our watch does not show it: it may hide the other's renewals as well.
      us.replicas.renewed(versions.stamped(us.replicas.ownLease ?? {}), us.clock.now())
      us.replicas.roster.judge(us.clock.now())
    }
    expect(us.replicas.fresh).toBe(true)
    expect(us.tenure()).toMatchObject({ kind: 'leave' })
  })

  test('is taken at once when that one says that it stops', () => {
    us.shows(other.replicas.holder)
    us.replicas.memberSeen(other.renew())
    us.renew()
    us.replicas.memberSeen(other.released())
    expect(us.tenure()).toMatchObject({ kind: 'take' })
  })

  test('a holder whose membership we do not see yet may have just begun', async () => {
    us.renew()
    us.shows('op-9_newest')
    expect(us.tenure()).toMatchObject({ kind: 'leave' })
    for (let at = 0; at <= GONE_AFTER_MS; at += 1_000) {
      us.renew()
      await us.clock.step(1_000)
    }
    us.renew()
    expect(us.tenure()).toMatchObject({ kind: 'take' })
  })

  test('an older life seen late does not end the newer one that the Lease names', () => {
    us.renew()
    us.shows('op-2_newer')
    expect(us.tenure()).toMatchObject({ kind: 'leave' })
    us.replicas.memberSeen(other.renew())
    expect(us.tenure()).toMatchObject({ kind: 'leave' })
  })

  test('a list that goes back in time ends nobody', () => {
    const former = { ...other.renew(), spec: { holderIdentity: 'op-2_former' } }
    us.renew()
    us.replicas.memberSeen(other.renew())
    us.shows(other.replicas.holder)
    us.replicas.memberSeen(former)
    expect(us.tenure()).toMatchObject({ kind: 'leave' })
  })
})

describe('our base', () => {
  test('is handed over to whom it belongs, once that one is known well, and never under a command', async () => {
    const both = [us, other]
    await live(NEWCOMER_AFTER_MS + 3_000)
    for (const one of both) one.takes()
    const tenures = both.map(one => one.tenure().kind)
    // Both held it in turn here: by the same reckoning one keeps it and one gives it away.
    expect([...tenures].sort()).toEqual(['give', 'keep'])
    const giver = both[tenures.indexOf('give')] ?? us
    const flight = { command: 'installBiz', name: 'cart', version: '1', sentAtMs: 0, overdue: false } as const
    giver.record = { ...giver.record, flights: new Map([['cart:1' as never, flight]]) }
    expect(giver.tenure()).toMatchObject({ kind: 'keep' })
    // It hears nothing for long, and no answer can come to it.
    giver.link = { ...giver.link, connected: false, sinceMs: us.clock.now() - 60_000 }
    expect(giver.tenure()).toMatchObject({ kind: 'give' })
  })

  test('was served by whom we took it from until that one was last seen, by our clock', async () => {
    us.renew()
    us.replicas.memberSeen(other.renew())
    const seenAtMs = us.clock.now()
    await us.clock.step(5_000)
    expect(us.replicas.servedUntilMs(other.replicas.holder)).toBe(seenAtMs)
    expect(us.replicas.servedUntilMs(us.replicas.holder)).toBe(us.clock.now())
    expect(us.replicas.servedUntilMs('op-9_never-seen')).toBeUndefined()
  })

  test('is lost the moment that its Lease is seen in the name of another', () => {
    us.renew()
    us.takes()
    us.shows('op-2_x')
    expect(us.replicas.holds(NODE)).toBe(false)
  })

  test('what is known of it stands only if nobody has written its Lease since', () => {
    us.renew()
    const ours = us.takes()
    expect(us.replicas.knows(NODE, ours)).toBe(true)
    expect(us.replicas.knows(NODE, us.shows('op-2_x'))).toBe(false)
  })
})

describe('a base without a Lease', () => {
  test('is begun by whom it belongs to; a second begins only if it lives and the first does not', async () => {
    await live(6_000)
    const both = [us, other]
    const kinds = both.map(one => one.tenure().kind)
    expect([...kinds].sort()).toEqual(['begin', 'leave'])
    const second = both[kinds.indexOf('leave')] ?? us
    await live(30_000)
    expect(second.tenure()).toMatchObject({ kind: 'leave' })
    second.record = { ...second.record, life: { ...second.record.life, heardAtMs: us.clock.now() } }
    expect(second.tenure()).toMatchObject({ kind: 'begin' })
    expect(second.replicas.acts(NODE)).toBe(true)
    expect(second.replicas.holds(NODE)).toBe(false)
  })

  test('whoever held it puts it back', () => {
    us.renew()
    const lease = us.takes()
    us.leases.clear()
    us.replicas.leaseGone(NODE, lease)
    expect(us.tenure()).toMatchObject({ kind: 'begin', why: 'its Lease was ours' })
  })
})
