import type { Published } from '../base-simulator/link-memory.ts'
import type { Capture } from './capture.ts'
import type { Rig, Said } from './contract.ts'
import type { Step } from './series.ts'
import { Stage } from './simulator-stage.ts'

const isBeat = (topic: string): boolean => topic.endsWith('/heart') || topic.endsWith('/queryBaseline')

/** The simulator on a stepped clock: its times are exact, and compared. */
export function simulatorRig(): Rig {
  let stage = new Stage()
  return {
    async perform(step, capture) {
      if (step.fresh) stage = new Stage(step.fresh)
      const said = act(stage, step, capture)
      const zeroMs = capture.sent.length > 0 ? stage.playedFromMs : (said[0]?.atMs ?? 0)
      return said.map(({ topic, payload, atMs }): Said => ({ topic, payload, afterMs: atMs - zeroMs }))
    },
    truth: () => ({
      answersAt: path => stage.base.answersAt(path),
      bizs: stage.base.bizs().map(({ name, version, state }) => `${name}:${version} ${state}`),
      answered: stage.answered,
    }),
    async [Symbol.asyncDispose]() {
      stage.base.close()
    },
  }
}

function act(stage: Stage, step: Step, capture: Capture): readonly Published[] {
  if (step.act !== 'start' && step.fresh) stage.start()
  if (step.bizs) stage.arrange(step.bizs)
  if (step.act === 'start' || step.act === 'restart') return stage.watch(capture, step.act)
  if (step.act === 'kill') {
    stage.base.kill()
    return stage.play(capture, 60_000)
  }
  return stage.play(capture, step.settleMs).filter(({ topic }) => !isBeat(topic))
}
