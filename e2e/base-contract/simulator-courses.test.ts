import { expect, test } from 'vitest'
import { z } from 'zod'
import { SimulatedBase } from '../base-simulator/simulated-base.ts'
import { readCapture, readSummary } from './capture.ts'
import { meaningOf } from './meaning.ts'
import { Stage } from './simulator-stage.ts'

const beats = (stage: Stage, from = 0) => stage.said(from).filter(({ topic }) => topic.endsWith('/heart'))

/** A base that beats, with its last beat a second ago. */
function beatingBase(): Stage {
  const stage = new Stage()
  stage.start()
  stage.clock.advance(11_000)
  expect(beats(stage)).toHaveLength(2)
  return stage
}

/** Takes the broker away, brings it back, and asks until the base answers: seconds from its return to the answer. */
function outage(stage: Stage, seconds: number): number {
  stage.broker.goDown()
  stage.clock.advance(1000 * seconds)
  stage.broker.comeUp()
  const backMs = stage.clock.now()
  for (let asked = 0; asked < 600; asked++) {
    const first = stage.broker.published.length
    stage.ask('queryAllBiz')
    if (stage.said(first).length > 0) return (stage.clock.now() - backMs) / 1000
    stage.clock.advance(500)
  }
  throw new Error('the base never came back')
}

test('123: an outage between two beats passes, and the beats go on', () => {
  const real = readSummary(
    '123-broker-restart-3s',
    z.object({ outage_s: z.number(), hearts_s_after_broker_up_within_25s_after_first_answer: z.array(z.number()) }),
  )
  const stage = beatingBase()
  const first = stage.broker.published.length
  const backAfterS = outage(stage, real.outage_s)
  expect(backAfterS).toBeLessThan(7)
  // Watched for as long as the real one: its 5.4 s and the 25 s after its first answer.
  stage.clock.advance(1000 * (30.4 - backAfterS))
  const hearts = beats(stage, first).map(({ atMs }) => atMs)
  expect(hearts).toHaveLength(real.hearts_s_after_broker_up_within_25s_after_first_answer.length)
  expect((hearts[1] ?? 0) - (hearts[0] ?? 0)).toBe(10_000)
})

test.each([
  ['124-broker-restart-15s', 15, 'first_answer_s_after_broker_up'],
  ['143-broker-restart-70s', 70, 'first_answer_s_after_broker_up'],
] as const)(
  '%s: an outage over a beat ends the beats, and the doubling delay says when it is back',
  (name, s, field) => {
    const real = readSummary(name, z.looseObject({ [field]: z.number(), topics_seen: z.array(z.string()) }))
    const stage = beatingBase()
    const first = stage.broker.published.length
    expect(Math.abs(outage(stage, s) - Number(real[field]))).toBeLessThan(2)
    stage.clock.advance(32_000)
    const topics = new Set(stage.said(first).map(({ topic }) => topic.slice(topic.lastIndexOf('/') + 1)))
    expect([...topics]).toEqual(real.topics_seen)
  },
)

test('156: it never beats again and greets nobody, yet answers every question', () => {
  const real = readSummary(
    '156-no-heart-after-outage',
    z.object({ health_asked: z.number(), health_answers: z.number(), hearts: z.number(), queryBaseline: z.number() }),
  )
  const stage = beatingBase()
  outage(stage, 15)
  const first = stage.broker.published.length
  for (let i = 0; i < real.health_asked; i++) {
    stage.ask('health')
    stage.clock.advance(4_000)
  }
  const count = (what: string) => stage.said(first).filter(({ topic }) => topic.endsWith(`/base/${what}`)).length
  expect({
    health_asked: real.health_asked,
    health_answers: count('health'),
    hearts: count('heart'),
    queryBaseline: count('queryBaseline'),
  }).toEqual(real)
})

test('140: a base that starts without a broker is a zombie: alive, and silent for ever', async () => {
  const real = readSummary('140-broker-absent-at-start', z.object({ mqtt_messages_in_60s: z.number() }))
  const stage = new Stage()
  stage.broker.goDown()
  const started = stage.base.start()
  stage.clock.advance(15_000)
  stage.broker.comeUp()
  stage.clock.advance(60_000)
  await expect(started).rejects.toThrow('will not try again')
  expect(stage.said()).toHaveLength(real.mqtt_messages_in_60s)
  expect(stage.base.alive).toBe(true)
})

test('141: an answer that falls into an outage is lost, though the biz is there', () => {
  const real = readCapture('141-answer-lost-in-broker-outage')
  const stage = new Stage()
  stage.start()
  const first = stage.broker.published.length
  const { topic, payload } = real.sent[0] ?? { topic: '', payload: '' }
  stage.broker.publish(topic, payload ?? '')
  stage.clock.advance(500)
  stage.broker.goDown()
  stage.clock.advance(8_000)
  stage.broker.comeUp()
  stage.clock.advance(8_000)
  stage.ask('queryAllBiz')
  const said = stage.said(first).filter(frame => !frame.topic.endsWith('/heart'))
  expect(said.map(frame => meaningOf(frame.topic, frame.payload))).toEqual(
    real.received.map(frame => meaningOf(frame.topic, frame.payload)),
  )
})

test('142: two bases of one identity throw each other off, and both metadata appear on one topic', () => {
  const real = readSummary(
    '142-two-bases-one-identity',
    z.object({ extra: z.object({ takeovers_in_40s: z.number() }) }),
  )
  const stage = beatingBase()
  const twin = new SimulatedBase(
    { identity: 'b1', name: 'twin', version: '1.0.0', clusterName: 'base' },
    { clock: stage.clock, openLink: stage.broker.open, random: () => 0.5 },
  )
  // Each is on for a second and off for a second: only who is on at its beat goes on beating.
  stage.clock.advance(1_300)
  const first = stage.broker.published.length
  twin.start().catch(() => {})
  stage.clock.advance(40_000)
  // A JVM takes a moment to connect, so a real pair manages fewer in the same time.
  expect(stage.broker.takeovers).toBeGreaterThanOrEqual(real.extra.takeovers_in_40s)
  const names = stage.said(first).map(({ payload }) => /"name":"(\w+)"/.exec(payload)?.[1])
  expect(new Set(names)).toEqual(new Set(['twin', 'base']))
})

test('150: modules shipped with a base appear after its first, empty snapshot', () => {
  const states = (payload: string): string => [...payload.matchAll(/"state":"([a-z]+)"/g)].map(m => m[1]).join(' ')
  const distinct = (all: readonly string[]) => all.filter((one, i) => one !== all[i - 1])
  const real = readCapture('150-static-modules').received.filter(({ topic }) => topic.endsWith('/simpleBiz'))
  const folder = 'file:///srv/koupleless/static'
  const stage = new Stage({
    staticModules: [`${folder}/biz1-0.0.1.jar`, `${folder}/biz2-0.0.1.jar`],
    installMs: name => (name === 'biz1' ? 710 : 800),
  })
  stage.start()
  for (let i = 0; i < 30; i++) {
    stage.clock.advance(i === 0 ? 56 : 100)
    stage.ask('queryAllBiz')
  }
  const said = stage.said().filter(({ topic }) => topic.endsWith('/simpleBiz'))
  expect(distinct(said.map(({ payload }) => states(payload)))).toEqual(distinct(real.map(r => states(r.payload))))
})

test('155: a retained command is carried out again at each reconnect', () => {
  const real = readCapture('155-retained-replay-on-reconnect')
  const stage = new Stage()
  stage.start()
  const first = stage.broker.published.length
  const sent = real.sent[0]
  stage.broker.publish(sent?.topic ?? '', sent?.payload ?? '', { retain: true })
  for (let i = 0; i < 2; i++) {
    stage.broker.throwOff(stage.clientId)
    stage.clock.advance(3_000)
  }
  const said = stage.said(first).filter(({ topic }) => topic.endsWith('/simpleBiz'))
  expect(said.map(({ topic, payload }) => meaningOf(topic, payload))).toEqual(
    real.received.map(({ topic, payload }) => meaningOf(topic, payload)),
  )
})
