import { describe, expect, test } from 'vitest'
import type { Published } from '../link-memory.ts'
import { type Capture, captureNames, readCapture } from './capture.ts'
import { meaningOf } from './meaning.ts'
import { NOT_REPLAYED, OWN_TEST, SERIES, type Step } from './series.ts'
import { Stage } from './stage.ts'

/** Real answers often come 40 ms late (Nagle), and once 100. */
const TOLERANCE_MS = 150

const isBeat = (topic: string): boolean => topic.endsWith('/heart') || topic.endsWith('/queryBaseline')

describe.each(Object.entries(SERIES))('%s', (_, steps) => {
  let stage = new Stage()
  test.each(steps.map(step => [step.capture, step] as const))('%s', (_name, step) => {
    if (step.fresh) stage = new Stage(step.fresh)
    const capture = readCapture(step.capture)
    const said = perform(stage, step, capture)

    expect(said.map(({ topic, payload }) => meaningOf(topic, payload))).toEqual(
      capture.received.map(({ topic, payload }) => meaningOf(topic, payload)),
    )
    if (step.anyTime) return
    for (const [i, tookMs] of afterMs(said, capture, stage).entries()) {
      const realMs = capture.received[i]?.after_ms ?? tookMs
      expect(Math.abs(tookMs - realMs), `answer ${i} after ${tookMs} ms, really ${realMs}`).toBeLessThan(TOLERANCE_MS)
    }
  })
})

test('every capture is replayed, has a test of its own, or is excused by name', () => {
  const replayed = Object.values(SERIES).flatMap(steps => steps.map(step => step.capture))
  expect([...replayed, ...OWN_TEST, ...Object.keys(NOT_REPLAYED)].sort()).toEqual([...captureNames()].sort())
})

function perform(stage: Stage, step: Step, capture: Capture): readonly Published[] {
  if (step.act !== 'start' && step.fresh) stage.start()
  if (step.bizs) stage.arrange(step.bizs)
  if (step.act === 'start' || step.act === 'restart') return stage.watch(capture, step.act)
  if (step.act === 'kill') {
    stage.base.kill()
    return stage.play(capture, 60_000)
  }
  return stage.play(capture, step.settleMs).filter(({ topic }) => !isBeat(topic))
}

/** Counted from the first command, or from the first word of a base that was asked nothing. */
function afterMs(said: readonly Published[], capture: Capture, stage: Stage): readonly number[] {
  const zeroMs = capture.sent.length > 0 ? stage.playedFromMs : said[0]?.atMs
  return said.map(({ atMs }) => atMs - (zeroMs ?? 0))
}
