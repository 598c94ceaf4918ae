/**
 * Everything that the operator and the controllers use of an API server, as cases that a real one and the simulated one go
 * through alike. What a real one answered is kept beside it, so that the simulated one is held to it where no real one is.
 */
import { describe, expect, test } from 'vitest'
import { CONFIG_MAP_CASES } from './contract/config-map-cases.ts'
import { DELETION_CASES } from './contract/deletion-cases.ts'
import { EVENT_CASES } from './contract/event-cases.ts'
import { LEASE_CASES } from './contract/lease-cases.ts'
import { LIST_CASES } from './contract/list-cases.ts'
import { NODE_CASES } from './contract/node-cases.ts'
import { PATCH_CASES } from './contract/patch-cases.ts'
import { POD_CASES } from './contract/pod-cases.ts'
import { type ContractCase, type ContractServer, Recorder, type Transcript } from './contract/recorder.ts'
import { REFUSAL_CASES } from './contract/refusal-cases.ts'
import { WATCH_CASES } from './contract/watch-cases.ts'
import { WORKLOAD_CASES } from './contract/workload-cases.ts'

const TOPICS: Readonly<Record<string, readonly ContractCase[]>> = {
  nodes: NODE_CASES,
  leases: LEASE_CASES,
  pods: POD_CASES,
  patches: PATCH_CASES,
  deletions: DELETION_CASES,
  lists: LIST_CASES,
  watches: WATCH_CASES,
  events: EVENT_CASES,
  'config maps': CONFIG_MAP_CASES,
  workloads: WORKLOAD_CASES,
  refusals: REFUSAL_CASES,
}

/** `answers`: what a real server said, by case. */
export type Answers = Readonly<Record<string, Transcript>>

export interface ContractSide {
  readonly server: ContractServer
  /** Each case has a namespace to itself. */
  newNamespace(): Promise<string>
}

/** `onTranscript`: where it is recorded anew instead. */
export function apiContract(
  side: () => ContractSide,
  answers: Answers,
  onTranscript?: (name: string, steps: Transcript) => void,
) {
  describe.each(Object.entries(TOPICS))('%s', (topic, cases) => {
    test.each(cases.map(each => [each.name, each] as const))('%s', async (name, { run }) => {
      const { server, newNamespace } = side()
      const recorder = new Recorder(server, await newNamespace())
      await run(recorder)
      const key = `${topic}: ${name}`
      if (onTranscript) onTranscript(key, recorder.steps)
      else expect(recorder.steps).toEqual(answers[key])
    })
  })
}
