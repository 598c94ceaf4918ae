import { describe, expect, test } from 'vitest'
import { Ear, type Rig, transportContract } from './contract.ts'
import { MemoryHub } from './memory.ts'

transportContract('in memory', async (): Promise<Rig> => {
  const hub = new MemoryHub()
  return {
    open: () => hub.transport(),
    stopBroker: async () => hub.cut(),
    startBroker: async () => hub.restore(),
    [Symbol.asyncDispose]: async () => undefined,
  }
})

describe('the in-memory hub', () => {
  test('cuts one link alone, and what was on its way to it is lost', async () => {
    const hub = new MemoryHub()
    const [base, operator] = [hub.transport(), hub.transport()]
    const [baseEar, operatorEar] = [new Ear(), new Ear()]
    base.start(['to/base'], baseEar)
    operator.start(['from/base'], operatorEar)
    await Promise.all([baseEar.isUp(), operatorEar.isUp()])

    const sent = operator.publish('to/base', 'on its way')
    base.cut('cable pulled')
    base.restore()
    await sent
    await operator.publish('to/base', 'after')
    await Promise.resolve()
    expect(baseEar.downs).toEqual(['cable pulled'])
    expect(baseEar.texts).toEqual(['after'])
    expect(operatorEar.downs).toEqual([])
  })

  test('loses the frames that it is told to lose, and their sender does not notice', async () => {
    const hub = new MemoryHub({ isLost: ({ topic }) => topic === 'from/base/1' })
    const [base, operator] = [hub.transport(), hub.transport()]
    const ear = new Ear()
    base.start([], new Ear())
    operator.start(['from/base/+'], ear)
    await ear.isUp()
    await base.publish('from/base/1', 'one')
    await base.publish('from/base/2', 'two')
    await Promise.resolve()
    expect(ear.texts).toEqual(['two'])
  })

  test('never delivers from within publish, so that no answer overtakes its question', async () => {
    const hub = new MemoryHub()
    const operator = hub.transport()
    const order: string[] = []
    const ear = new Ear()
    operator.start(['echo'], { onUp: () => ear.onUp(), onDown: () => undefined, onFrame: () => order.push('heard') })
    await ear.isUp()
    const sent = operator.publish('echo', 'x')
    order.push('published')
    await sent
    await Promise.resolve()
    expect(order).toEqual(['published', 'heard'])
  })
})
