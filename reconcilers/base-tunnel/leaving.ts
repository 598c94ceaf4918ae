/** A base whose own Pod is being deleted goes with it, however long its grace is. Pure. */
import type { NoCommands } from '../registry/base-record.ts'
import type { TunnelFacts } from './facts.ts'

const MESSAGE =
  'The Pod that this base runs in is being deleted: no module is started or stopped on it any more, ' +
  'and its module Pods leave their Services until it is gone.'

export function departure({ record, ownPod, nowMs }: TunnelFacts): NoCommands | undefined {
  if (ownPod !== 'leaving') return undefined
  return record.noCommands?.reason === 'BaseLeaving'
    ? record.noCommands
    : { reason: 'BaseLeaving', sinceMs: nowMs, message: MESSAGE }
}
