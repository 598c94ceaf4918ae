/** What every transport promises. One suite, run over each of them. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Frame, Transport, TransportEvents } from './transport.ts'

/** A broker that can be taken away, and transports that meet there. */
export interface Rig extends AsyncDisposable {
  /** Not started, of an identity of its own. The rig disposes of none. */
  open(): Transport
  stopBroker(): Promise<void>
  startBroker(): Promise<void>
}

/** Notes all that a transport tells. */
export class Ear implements TransportEvents {
  readonly frames: Frame[] = []
  readonly downs: string[] = []
  readonly renewals: (string | undefined)[] = []
  ups = 0

  onFrame(frame: Frame): void {
    this.frames.push(frame)
  }
  onUp(): void {
    this.ups += 1
  }
  onDown(why: string): void {
    this.downs.push(why)
  }
  onRenewal(fault: string | undefined): void {
    this.renewals.push(fault)
  }

  get texts(): string[] {
    return this.frames.map(({ payload }) => Buffer.from(payload).toString())
  }
  isUp(times = 1): Promise<void> {
    return soon(() => expect(this.ups).toBeGreaterThanOrEqual(times))
  }
  isDown(): Promise<void> {
    return soon(() => expect(this.downs).not.toEqual([]))
  }
}

/** Waits until it holds (or resolves): no sleeping for a time that is right on one machine only. */
export const soon = (assertion: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(assertion, { timeout: 20_000, interval: 5 })

export function transportContract(name: string, openRig: () => Promise<Rig>): void {
  describe(name, () => {
    let rig: Rig
    let opened: Transport[] = []

    beforeEach(async () => {
      rig = await openRig()
    })
    afterEach(async () => {
      for (const transport of opened) await transport[Symbol.asyncDispose]()
      opened = []
      await rig[Symbol.asyncDispose]()
    })

    const open = (): Transport => {
      const transport = rig.open()
      opened.push(transport)
      return transport
    }
    const join = async (...topics: string[]): Promise<{ transport: Transport; ear: Ear }> => {
      const transport = open()
      const ear = new Ear()
      transport.start(topics, ear)
      await ear.isUp()
      return { transport, ear }
    }

    test('brings to subscribers what is published, byte for byte, and to nobody else', async () => {
      const b1 = await join('env/b1/+')
      const any = await join('env/+/install')
      const other = await join('other/#')
      const operator = await join()
      const bytes = Buffer.from([0, 1, 2, 250, 255])
      await operator.transport.publish('env/b1/install', bytes)
      await soon(() => expect([b1.ear.frames.length, any.ear.frames.length]).toEqual([1, 1]))
      expect(b1.ear.frames[0]).toMatchObject({ topic: 'env/b1/install', retained: false })
      expect(Buffer.from(b1.ear.frames[0]?.payload ?? [])).toEqual(bytes)
      expect(other.ear.frames).toEqual([])
    })

    test('is up only when subscribed: what is said right after is heard', async () => {
      const operator = await join()
      for (let round = 0; round < 5; round += 1) {
        const { ear } = await join('answer')
        await operator.transport.publish('answer', `round ${round}`)
        await soon(() => expect(ear.texts).toEqual([`round ${round}`]))
      }
    })

    test('keeps the order, whatever the size up to a mebibyte', async () => {
      const { ear } = await join('order')
      const operator = await join()
      const sizes = Array.from({ length: 50 }, (_, at) => (at % 10 === 0 ? 1024 * 1024 : 10))
      await Promise.all(sizes.map((size, at) => operator.transport.publish('order', String(at).padEnd(size))))
      await soon(() => expect(ear.frames).toHaveLength(sizes.length))
      expect(ear.texts.map(text => Number(text.trim()))).toEqual(sizes.map((_, at) => at))
    })

    test('tells a replayed message from a live one, and an empty one ends the replay', async () => {
      const live = await join('left/behind')
      const operator = await join()
      await operator.transport.publish('left/behind', 'old', { retain: true })
      await soon(() => expect(live.ear.frames).toMatchObject([{ retained: false }]))
      const late = await join('left/+')
      await soon(() => expect(late.ear.frames).toMatchObject([{ topic: 'left/behind', retained: true }]))

      await operator.transport.publish('left/behind', '', { retain: true })
      const later = await join('left/+')
      await operator.transport.publish('left/now', 'new')
      await soon(() => expect(later.ear.texts).toEqual(['new']))
    })

    test('finds what is kept under a filter, for whom ever, and hears nothing else by that', async () => {
      const base = await join()
      for (const topic of ['env/b1/install', 'env/away/install', 'env/b1/other'])
        await base.transport.publish(topic, 'old', { retain: true })
      const operator = await join('env/+/heart')
      const found: string[] = []
      const looked = operator.transport.findRetained(['env/+/install', 'env/+/base/baseline'], topic =>
        found.push(topic),
      )
      await base.transport.publish('env/b1/install', 'live')
      await base.transport.publish('env/b1/heart', 'beat')
      await looked
      expect([...new Set(found)].sort()).toEqual(['env/away/install', 'env/b1/install'])
      await base.transport.publish('env/b1/install', 'later')
      await soon(() => expect(operator.ear.texts).toEqual(['beat']))
      await expect(open().findRetained(['a'], () => undefined)).rejects.toMatchObject({ code: 'NOT_CONNECTED' })
    })

    test('refuses to publish before it is up', async () => {
      const transport = open()
      await expect(transport.publish('a', 'b')).rejects.toMatchObject({ code: 'NOT_CONNECTED' })
      transport.start([], new Ear())
      await expect(transport.publish('a', 'b')).rejects.toMatchObject({ code: 'NOT_CONNECTED' })
    })

    test('comes back by itself after the broker did, subscribed, and without what was refused meanwhile', async () => {
      const base = await join('to/base')
      const operator = await join('from/base')
      await rig.stopBroker()
      await Promise.all([base.ear.isDown(), operator.ear.isDown()])
      expect(operator.ear.downs[0]).not.toBe('')
      await expect(operator.transport.publish('to/base', 'lost')).rejects.toMatchObject({ code: 'NOT_CONNECTED' })

      await rig.startBroker()
      await Promise.all([base.ear.isUp(2), operator.ear.isUp(2)])
      await operator.transport.publish('to/base', 'question')
      await base.transport.publish('from/base', 'answer')
      await soon(() => expect(operator.ear.texts).toEqual(['answer']))
      await soon(() => expect(base.ear.texts).toEqual(['question']))
    })

    test('starts while the broker is away and connects when it comes', async () => {
      await rig.stopBroker()
      const transport = open()
      const ear = new Ear()
      transport.start(['a'], ear)
      await ear.isDown()
      await rig.startBroker()
      await ear.isUp()
      await transport.publish('a', 'here')
      await soon(() => expect(ear.texts).toEqual(['here']))
    })

    test('ends at once and for good, with the broker there or away', async () => {
      const there = await join('a')
      const operator = await join()
      await expectQuickEnd(there.transport)
      await operator.transport.publish('a', 'too late')
      await expect(there.transport.publish('a', 'b')).rejects.toMatchObject({ code: 'NOT_CONNECTED' })

      await rig.stopBroker()
      await operator.ear.isDown()
      await expectQuickEnd(operator.transport)
      await rig.startBroker()
      const witness = await join('a')
      await witness.transport.publish('a', 'seen by those who live')
      await soon(() => expect(witness.ear.frames).toHaveLength(1))
      expect(there.ear.frames).toEqual([])
      expect(operator.ear.ups).toBe(1)
    })

    test('ends though it was never started, and twice', async () => {
      const transport = open()
      await expectQuickEnd(transport)
      await expectQuickEnd(transport)
    })
  })
}

async function expectQuickEnd(transport: Transport): Promise<void> {
  const startedAt = performance.now()
  await transport[Symbol.asyncDispose]()
  expect(performance.now() - startedAt).toBeLessThan(1_000)
}
