import { expect, test } from 'vitest'
import type { BaseOptions } from './base-options.ts'
import { VirtualClock } from './clock.ts'
import { MemoryBroker } from './link-memory.ts'
import { type Herd, runLine } from './prompt.ts'
import { SimulatedBase } from './simulated-base.ts'

class MemoryHerd implements Herd {
  readonly bases: SimulatedBase[] = []
  readonly clock = new VirtualClock()
  readonly broker = new MemoryBroker(this.clock)

  get(identity: string): SimulatedBase | undefined {
    return this.bases.find(base => base.identity === identity)
  }

  start(options: BaseOptions): Promise<SimulatedBase> {
    const surroundings = { clock: this.clock, openLink: this.broker.open, random: () => 0.5 }
    const base = new SimulatedBase({ installMs: 100, ...options }, surroundings)
    this.bases.push(base)
    return this.connected(base.start())
  }

  connected<T>(started: Promise<T>): Promise<T> {
    this.clock.advance(20)
    return started
  }

  install(): void {
    const payload = { bizName: 'biz1', bizVersion: '0.0.1', bizUrl: 'http://jars.example/biz1-0.0.1.jar' }
    this.broker.publish('koupleless_dev/b1/installBiz', JSON.stringify(payload))
    this.clock.advance(1_000)
  }
}

async function herdOfOne() {
  const herd = new MemoryHerd()
  await runLine('start b1 base 1.1.1', herd)
  const say = async (line: string) => (await herd.connected(runLine(line, herd))).lines.join('\n')
  return { herd, say }
}

test('a day in the life of a base, told line by line', async () => {
  const { herd, say } = await herdOfOne()
  expect(await say('list')).toBe('b1  base 1.1.1  127.0.0.1  connected, beating  0 modules')
  expect(await say('refuse b1 biz1 no licence today')).toBe('b1 refuses biz1')
  herd.install()
  expect(await say('modules b1')).toBe('b1 runs no module')
  await say('accept b1 biz1')
  herd.install()
  expect(await say('modules b1')).toBe('biz1 0.0.1 activated')
  await say('mute b1')
  expect(await say('list')).toContain('connected, silent  1 modules')
  await say('beat b1')
  expect(await say('list')).toContain('connected, beating')
  await say('die b1')
  expect(await say('list')).toContain('dead')
  expect(await say('start b1')).toContain('b1 started')
  expect(await say('restart b1 10.1.2.3')).toBe('b1 restarted at 10.1.2.3')
})

test('a new base may be shipped with modules', async () => {
  const { herd, say } = await herdOfOne()
  expect(await say('start b9 base 1.1.1 ledger')).toBe('needs a version: ledger:1.0.0')
  await say('start b9 base 1.1.1 ledger:1.4.0 audit:2.0.0')
  herd.clock.advance(10_000)
  expect((await say('modules b9')).split('\n').sort()).toEqual(['audit 2.0.0 activated', 'ledger 1.4.0 activated'])
})

test('hang, deaf, hear, pause, cut, join and slow reach the base', async () => {
  const { herd, say } = await herdOfOne()
  await say('hang b1 biz1')
  herd.install()
  await say('deaf b1')
  await say('hear b1')
  await say('slow b1 5')
  await say('cut b1')
  expect(await say('list')).toContain('offline')
  await say('join b1')
  herd.clock.advance(2_000)
  expect(await say('list')).toContain('connected')
  expect(await say('pause b1')).toBe('pause b1: done')
  expect(await say('modules b1')).toBe('b1 runs no module')
})

test.each([
  ['nonsense', 'unknown: nonsense (try: help)'],
  ['constructor b1', 'unknown: constructor (try: help)'],
  ['die', 'needs a base: die <base>'],
  ['die b9', 'no base b9; there are b1'],
  ['refuse b1', 'needs a biz'],
  ['slow b1 soon', 'soon is no number of milliseconds'],
  ['start b1', 'base b1 runs already'],
])('%s is answered: %s', async (line, why) => {
  const { herd } = await herdOfOne()
  expect(await runLine(line, herd)).toEqual({ ok: false, lines: [why] })
})

test('help names every verb, and quit quits', async () => {
  const { herd, say } = await herdOfOne()
  const help = await say('help')
  for (const word of ['list', 'start', 'beat', 'mute', 'die', 'restart', 'refuse', 'accept', 'hang', 'deaf', 'hear']) {
    expect(help).toContain(`  ${word}`)
  }
  expect((await runLine('quit', herd)).quit).toBe(true)
})
