import type { Observation } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from './base-record.ts'
import { newRecord } from './new-record.ts'
import { changed, type ObserveContext, type Observed } from './observed.ts'

/** Placeholder */
export function observe(
  record: BaseRecord | undefined,
  observation: Observation,
  context: ObserveContext,
): Observed | undefined {
  if (record) return changed(record, 'seen')
  if (observation.kind !== 'heart' && observation.kind !== 'queryBaseline') return undefined
  const { base, metadata } = observation
  return changed(newRecord({ id: base, nodeName: context.nodeNameOf(base), metadata, nowMs: context.nowMs }), 'added')
}
