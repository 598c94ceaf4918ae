import type { Observation } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from './base-record.ts'
import { freshnessOf, rebased, timingOf } from './freshness.ts'
import { newRecord } from './new-record.ts'
import { observeAnswer, observeBatchAnswer } from './observe-answer.ts'
import { observeHealth } from './observe-health.ts'
import { observeHeart, observeQueryBaseline } from './observe-identity.ts'
import { observeLife } from './observe-life.ts'
import { isUnasked, observeSnapshot } from './observe-snapshot.ts'
import { observeStray, suspected } from './observe-stray.ts'
import { changed, follow, type ObserveContext, type Observed, unchanged } from './observed.ts'

/**
 * What a base said becomes what we know of it. Pure: the context's `nowMs` is only stamped, never judged against.
 * Undefined: nothing is known of this base, and what it said (an answer, say) does not make it known.
 */
export function observe(
  record: BaseRecord | undefined,
  observation: Observation,
  context: ObserveContext,
): Observed | undefined {
  if (record) return observeKnown(record, observation, context)
  if (observation.kind !== 'heart' && observation.kind !== 'queryBaseline') return undefined
  const { base, metadata } = observation
  const blank = newRecord({ id: base, nodeName: context.nodeNameOf(base), metadata, nowMs: context.nowMs })
  const first = stamped(observeLife(blank, observation, context), observation)
  const described = observation.kind === 'heart' ? observeHeart(first, observation, context).record : first
  return changed(described, 'added')
}

function observeKnown(record: BaseRecord, observation: Observation, context: ObserveContext): Observed {
  switch (timingOf(record, observation, context.nowMs)) {
    case 'stray':
      return observeStray(record, observation, context)
    case 'stepped':
      return observeInTime(rebased(record, observation), observation, context)
    case 'inTime':
      return observeInTime(record, observation, context)
  }
}

function observeInTime(known: BaseRecord, observation: Observation, context: ObserveContext): Observed {
  switch (freshnessOf(known, observation)) {
    case 'repeated':
    case 'formerProcess':
      return changed({ ...known, life: { ...known.life, heardAtMs: context.nowMs } }, 'seen')
    case 'late':
      return changed(observeLife(known, observation, context), 'seen')
    case 'new': {
      // Not stamped either: its time may be as wrong as the rest of it.
      if (isUnasked(known, observation, context.nowMs))
        return changed(suspected(observeLife(known, observation, context), context.nowMs), 'seen')
      const alive = changed(observeLife(known, observation, context), 'seen')
      const told = follow(alive, heard => observeContent(heard, observation, context))
      return { ...told, record: stamped(told.record, observation) }
    }
  }
}

function observeContent(record: BaseRecord, observation: Observation, context: ObserveContext): Observed {
  switch (observation.kind) {
    case 'queryBaseline':
      return observeQueryBaseline(record, observation, context)
    case 'heart':
      return observeHeart(record, observation, context)
    case 'health':
      return observeHealth(record, observation, context)
    case 'snapshot':
      return observeSnapshot(record, observation, context)
    case 'answer':
      return observeAnswer(record, observation, context)
    case 'batchAnswer':
      return observeBatchAnswer(record, observation, context)
    default:
      return unchanged(record)
  }
}

function stamped(record: BaseRecord, { kind, publishedAtMs }: Observation): BaseRecord {
  const last = record.lastPublishedAtMs[kind] ?? publishedAtMs
  const lastPublishedAtMs = { ...record.lastPublishedAtMs, [kind]: Math.max(last, publishedAtMs) }
  const { strayed: _former, ...rest } = record
  return { ...rest, lastPublishedAtMs }
}
