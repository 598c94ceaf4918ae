import type { BaseRecord } from './base-record.ts'

/**
 * What one replica knows of a base when it takes it over from another. All that a base says, both have heard: that stays. What
 * came of commands only their sender knew: that begins anew, as after a restart, and nothing is sent before the base was asked
 * what it runs. Pure.
 */
export function takenUp(known: BaseRecord, adopted: BaseRecord): BaseRecord {
  const { askedSinceMs: _asked, ...life } = known.life
  return {
    ...adopted,
    metadata: known.metadata,
    life,
    restarts: known.restarts,
    lastPublishedAtMs: known.lastPublishedAtMs,
    metaspaceByName: known.metaspaceByName,
    ...pick(known, [
      'address',
      'health',
      'healthAtMs',
      'process',
      'restartedAtMs',
      'endedByRestart',
      'duplicateSeenAtMs',
      'deactivated',
    ]),
  }
}

function pick<K extends keyof BaseRecord>(record: BaseRecord, fields: readonly K[]): Partial<Pick<BaseRecord, K>> {
  const picked: Partial<Pick<BaseRecord, K>> = {}
  for (const field of fields) if (record[field] !== undefined) picked[field] = record[field]
  return picked
}
