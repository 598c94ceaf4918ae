import { describe, expect, test } from 'vitest'
import type { BaseOptions } from './base-options.ts'
import { VirtualClock } from './clock.ts'
import { MemoryBroker } from './link-memory.ts'
import { SimulatedBase } from './simulated-base.ts'

const JAR = 'http://jars.example/biz1-0.0.1.jar'

class Lab {
  readonly clock = new VirtualClock()
  readonly broker = new MemoryBroker(this.clock)
  readonly base: SimulatedBase

  constructor(options: Partial<BaseOptions> = {}) {
    this.base = new SimulatedBase(
      { identity: 'b1', installMs: 400, uninstallMs: 10, ...options },
      { clock: this.clock, openLink: this.broker.open, random: () => 0.5 },
    )
    this.base.start().catch(() => {})
    this.clock.advance(20)
  }

  tell(verb: string, payload: object = {}): void {
    this.broker.publish(`koupleless_dev/${this.base.identity}/${verb}`, JSON.stringify(payload))
  }

  install(bizName: string, bizUrl = `http://jars.example/${bizName}-0.0.1.jar`, more: object = {}): void {
    this.tell('installBiz', { bizName, bizVersion: '0.0.1', bizUrl, ...more })
  }

  /** What the base said from that point on: [topic's last word, data]. */
  said(what: string): readonly Record<string, unknown>[] {
    const suffix = `/base/${what}`
    return this.broker.published
      .filter(({ topic, by }) => by !== undefined && topic.endsWith(suffix))
      .map(({ payload }) => JSON.parse(payload) as Record<string, unknown>)
  }

  jvm(): Record<string, number> {
    this.tell('health')
    const health = this.said('health').at(-1) as { data: { data: { healthData: { jvm: Record<string, number> } } } }
    return health.data.data.healthData.jvm
  }

  pass(ms: number): void {
    this.clock.advance(ms)
  }
}

const active = (name: string, version = '0.0.1') => ({ name, version, state: 'activated' })

describe('a base in the hands of a test', () => {
  test('shows what it runs and what it was told', () => {
    const lab = new Lab()
    const heard: string[] = []
    const answered: string[] = []
    lab.base.onCommand(({ kind, name }) => heard.push(`${kind} ${name}`))
    lab.base.onAnswer(({ command, code }) => answered.push(`${command} ${code}`))
    lab.install('biz1', JAR, { args: ['--a=1'] })
    lab.tell('health')
    lab.pass(399)
    expect(lab.base.bizs()).toEqual([{ ...active('biz1'), state: 'resolved' }])
    lab.pass(1)
    expect(lab.base.bizs()).toEqual([active('biz1')])
    expect(lab.base.commandsReceived).toMatchObject([
      { kind: 'installBiz', name: 'biz1', version: '0.0.1', url: JAR, args: ['--a=1'], strategy: 'installOnly' },
    ])
    expect(lab.base.questionsReceived).toEqual({ health: 1, queryAllBiz: 0 })
    expect(heard).toEqual(['installBiz biz1', 'health '])
    expect(answered).toEqual(['installBiz SUCCESS'])
  })

  test('refuses a biz with the message it was given, until it accepts it again', () => {
    const lab = new Lab()
    lab.base.refuse('biz1', 'no licence')
    lab.install('biz1')
    lab.pass(1_000)
    expect(JSON.stringify(lab.said('bizOperation'))).toContain('Caused by: java.lang.IllegalStateException: no licence')
    expect(lab.base.bizs()).toEqual([])
    lab.base.accept('biz1')
    lab.install('biz1')
    lab.pass(1_000)
    expect(lab.base.bizs()).toEqual([active('biz1')])
  })

  test('hangs at a URL or a biz for ever, holding a worker and the lock; a restart ends it', () => {
    const lab = new Lab()
    for (const name of ['a', 'b', 'c', 'd']) lab.base.hang(name)
    lab.base.hang(JAR)
    for (const name of ['a', 'b', 'c', 'd']) lab.install(name)
    lab.tell('queryAllBiz')
    expect(lab.said('simpleBiz')).toHaveLength(1)
    lab.install('biz1', JAR)
    lab.tell('queryAllBiz')
    lab.pass(3_600_000)
    expect(lab.said('simpleBiz')).toHaveLength(1)
    expect(lab.said('heart')).toHaveLength(361)

    lab.base.accept(JAR)
    lab.base.restart().catch(() => {})
    lab.pass(100)
    lab.install('biz1', JAR)
    lab.pass(1_000)
    expect(lab.base.bizs()).toEqual([active('biz1')])
  })

  test('deaf: takes commands, answers nothing, beats on', () => {
    const lab = new Lab()
    lab.base.deaf()
    lab.tell('queryAllBiz')
    lab.pass(60_000)
    expect(lab.said('simpleBiz')).toEqual([])
    expect(lab.said('heart')).toHaveLength(7)
    expect(lab.base.questionsReceived.queryAllBiz).toBe(1)
    lab.base.resume()
    lab.tell('queryAllBiz')
    expect(lab.said('simpleBiz')).toHaveLength(1)
  })

  test('paused: neither beats nor answers; resumed it does what came meanwhile', () => {
    const lab = new Lab()
    lab.base.pause()
    lab.tell('queryAllBiz')
    lab.pass(60_000)
    expect([lab.said('simpleBiz').length, lab.said('heart').length, lab.base.beating]).toEqual([0, 1, false])
    lab.base.resume()
    expect([lab.said('simpleBiz').length, lab.said('heart').length, lab.base.beating]).toEqual([1, 2, true])
  })

  test('stops beating and still answers', () => {
    const lab = new Lab()
    lab.base.stopBeating()
    lab.pass(60_000)
    lab.tell('queryAllBiz')
    expect([lab.said('heart').length, lab.said('simpleBiz').length]).toEqual([1, 1])
    lab.base.startBeating()
    lab.pass(10_000)
    expect(lab.said('heart')).toHaveLength(3)
  })

  test('killed it is gone at once, in the middle of an install', () => {
    const lab = new Lab()
    lab.install('biz1')
    lab.base.kill()
    lab.pass(60_000)
    expect([lab.said('bizOperation').length, lab.said('heart').length, lab.base.alive]).toEqual([0, 1, false])
  })

  test('restarted it greets anew, has no modules and a run time from zero; its address may be another', () => {
    const lab = new Lab()
    lab.install('biz1')
    lab.pass(50_000)
    expect(lab.jvm()['run time(s)']).toBeCloseTo(50, 0)
    lab.base.restart({ ip: '10.9.9.9' }).catch(() => {})
    lab.pass(1_000)
    expect(lab.base.bizs()).toEqual([])
    expect(lab.said('queryBaseline')).toHaveLength(2)
    expect(lab.said('heart').at(-1)).toMatchObject({ data: { localIP: '10.9.9.9' } })
    expect(lab.jvm()['run time(s)']).toBeCloseTo(1, 0)
  })

  test('restarted as another identity it listens there and only there', () => {
    const lab = new Lab()
    lab.base.restart({ identity: 'b2' }).catch(() => {})
    lab.pass(20)
    lab.broker.publish('koupleless_dev/b1/queryAllBiz', '{}')
    expect(lab.said('simpleBiz')).toEqual([])
    lab.tell('queryAllBiz')
    expect(lab.said('simpleBiz')).toHaveLength(1)
  })

  test('cut off for 70 s it comes back by itself, with its modules and without its beats', () => {
    const lab = new Lab()
    lab.install('biz1')
    lab.pass(1_000)
    lab.base.cutOff()
    lab.pass(70_000)
    expect(lab.base.connected).toBe(false)
    lab.base.rejoin()
    lab.pass(60_000)
    lab.tell('queryAllBiz')
    expect(lab.said('simpleBiz')).toHaveLength(1)
    expect(lab.base.bizs()).toEqual([active('biz1')])
    expect([lab.said('heart').length, lab.said('queryBaseline').length]).toEqual([1, 1])
  })

  test('a base with mended beats goes on beating after an outage', () => {
    const lab = new Lab({ heartSurvives: true })
    lab.broker.goDown()
    lab.pass(15_000)
    lab.broker.comeUp()
    lab.pass(30_000)
    expect(lab.said('heart').length).toBeGreaterThan(2)
  })

  test('its clock may be wrong: every time it tells is', () => {
    const lab = new Lab({ clockSkewMs: -3_600_000 })
    lab.install('biz1')
    lab.pass(1_000)
    lab.tell('queryAllBiz')
    const [snapshot] = lab.said('simpleBiz') as unknown as [
      { publishTimestamp: number; data: [{ latestStateRecord: { changeTime: number } }] },
    ]
    const trueMs = lab.clock.now()
    expect(snapshot.publishTimestamp).toBe(trueMs - 3_600_000)
    expect(snapshot.data[0].latestStateRecord.changeTime).toBeLessThan(trueMs - 3_600_000)
  })

  test('metaspace grows with each module and shrinks without it', () => {
    const lab = new Lab({ metaspacePerModuleBytes: 5_000_000 })
    const before = lab.jvm()['java used metaspace'] ?? 0
    lab.install('biz1')
    lab.pass(1_000)
    expect(lab.jvm()['java used metaspace']).toBe(before + 5_000_000)
    lab.tell('uninstallBiz', { bizName: 'biz1', bizVersion: '0.0.1' })
    lab.pass(1_000)
    expect(lab.jvm()['java used metaspace']).toBe(before)
  })

  test('a module that does not fit into metaspace fails; without a limit it fits', () => {
    for (const [metaspaceMaxBytes, running] of [
      [40_000_000, []],
      [-1, [active('biz1')]],
    ] as const) {
      const lab = new Lab({ metaspaceMaxBytes, metaspacePerModuleBytes: 10_000_000 })
      lab.install('biz1')
      lab.pass(1_000)
      expect(lab.base.bizs()).toEqual(running)
    }
  })

  test('what it was shipped with appears after it has greeted', () => {
    const lab = new Lab({ staticModules: [{ name: 'shipped', version: '2.0' }] })
    expect(lab.base.bizs()).toEqual([])
    lab.pass(1_000)
    expect(lab.base.bizs()).toEqual([active('shipped', '2.0')])
  })

  test('starting it twice is refused', async () => {
    await expect(new Lab().base.start()).rejects.toThrow('runs already')
  })
})
