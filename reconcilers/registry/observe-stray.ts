import type { Observation } from '../../mqtt-bridge/index.ts'
import { bizKey } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from './base-record.ts'
import { answersQuestion } from './freshness.ts'
import { observeAnswer } from './observe-answer.ts'
import { observeHeart } from './observe-identity.ts'
import { observeLife } from './observe-life.ts'
import { withoutLook } from './observe-snapshot.ts'
import { changed, follow, newestPublishedAtMs, type ObserveContext, type Observed } from './observed.ts'

/**
 * What was published long before the newest that is known: the base's clock was set back, or somebody else wrote it. It is a sign of
 * life and a reason to ask. Pure.
 */
export function observeStray(record: BaseRecord, observation: Observation, context: ObserveContext): Observed {
  const told = changed(noted(record, observation, context), 'seen')
  switch (observation.kind) {
    // Two bases under one identity have two clocks, and are found out by their hearts.
    case 'heart':
      return follow(told, next => observeHeart(next, observation, context))
    // It waits for its answer, and is asked which process it is.
    case 'queryBaseline':
      return follow(told, next => changed(announced(next, observation.publishedAtMs), 'described'))
    case 'answer':
      return record.flights.has(bizKey(observation.name, observation.version))
        ? follow(told, next => observeAnswer(next, { ...observation, publishedAtMs: nowOf(next) }, context))
        : told
    case 'health':
    case 'snapshot':
    case 'batchAnswer':
      return told
  }
}

export const suspected = (record: BaseRecord, nowMs: number): BaseRecord => ({
  ...record,
  life: { ...record.life, suspectAtMs: nowMs },
})

function noted(record: BaseRecord, observation: Observation, context: ObserveContext): BaseRecord {
  const { nowMs } = context
  const alive = suspected(observeLife(record, observation, context), nowMs)
  if (!answersQuestion(record, observation)) return alive
  const life = observation.kind === 'snapshot' ? withoutLook(alive.life) : alive.life
  return { ...alive, life, strayed: { publishedAtMs: observation.publishedAtMs, heardAtMs: nowMs } }
}

const announced = (record: BaseRecord, publishedAtMs: number): BaseRecord => ({
  ...record,
  lastPublishedAtMs: { ...record.lastPublishedAtMs, queryBaseline: publishedAtMs },
})

/** The answer to a command that is waited for is a fact; of its time the former order knows nothing. */
const nowOf = (record: BaseRecord): number => newestPublishedAtMs(record) ?? 0
