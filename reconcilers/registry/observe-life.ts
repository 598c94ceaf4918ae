import type { Observation } from '../../mqtt-bridge/index.ts'
import type { BaseRecord, Life } from './base-record.ts'
import type { ObserveContext } from './observed.ts'

/**
 * Life is an answer to our question, or the second message since our own (re)connect: a first one alone may have been
 * on its way before the base died. Which clock: ours only.
 */
export function observeLife(record: BaseRecord, observation: Observation, context: ObserveContext): BaseRecord {
  const { nowMs, link } = context
  const { askedSinceMs, ...life } = record.life
  const messagesInEpoch = life.epoch === link.epoch ? life.messagesInEpoch + 1 : 1
  const answered = observation.kind === 'health' || observation.kind === 'snapshot'
  const alive = messagesInEpoch >= 2 || answersUs(record, observation)
  const next: Life = {
    ...life,
    epoch: link.epoch,
    messagesInEpoch,
    heardAtMs: nowMs,
    ...(alive && { aliveAtMs: nowMs }),
    ...(observation.kind === 'heart' && { heartAtMs: nowMs }),
    ...(answered && { answeredAtMs: nowMs }),
    ...(!answered && askedSinceMs !== undefined && { askedSinceMs }),
  }
  return { ...record, life: next }
}

function answersUs(record: BaseRecord, { kind }: Observation): boolean {
  const asked = record.life.askedSinceMs !== undefined
  if (kind === 'answer') return asked || record.flights.size > 0
  return asked && (kind === 'health' || kind === 'snapshot')
}
