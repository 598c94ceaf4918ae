import { type BizKey, bizKey, type HealthReport, type Observation } from '../../mqtt-bridge/index.ts'
import type { BaseRecord } from './base-record.ts'
import { isDuplicated } from './detect-duplicate.ts'
import { restarted } from './detect-restart.ts'
import { changed, follow, type ObserveContext, type Observed, unchanged } from './observed.ts'
import { judgeRunTime } from './run-time.ts'
import { newestClashAtMs } from './web-modules.ts'

type Health = Extract<Observation, { kind: 'health' }>

export function observeHealth(record: BaseRecord, heard: Health, context: ObserveContext): Observed {
  return follow(traceRunTime(record, heard, context), next => measured(next, heard.health, context.nowMs))
}

function traceRunTime(record: BaseRecord, { health, publishedAtMs }: Health, { nowMs }: ObserveContext): Observed {
  const { runTimeMs } = health
  if (runTimeMs === undefined) return unchanged(record)
  const { verdict, trace } = judgeRunTime(record.process, { runTimeMs, publishedAtMs, nowMs })
  const traced = { ...record, process: trace }
  if (verdict === 'alternates') return changed({ ...traced, duplicateSeenAtMs: nowMs }, 'described')
  // Of two that alternate one always began later: that is no restart.
  if (verdict === 'same' || isDuplicated(record, nowMs)) return unchanged(traced)
  return restarted(traced, publishedAtMs - runTimeMs, nowMs)
}

function measured(record: BaseRecord, health: HealthReport, nowMs: number): Observed {
  const committed = health.metaspaceCommittedBytes
  // Less than "its own" was committed: then what we took for its own, at first contact, held modules too.
  const metaspaceOwnBytes =
    committed === undefined ? undefined : Math.min(record.metaspaceOwnBytes ?? committed, committed)
  const next: BaseRecord = {
    ...record,
    health,
    healthAtMs: nowMs,
    ...(metaspaceOwnBytes !== undefined && { metaspaceOwnBytes }),
    ...webOf(record, health),
  }
  const described = capacityOf(next) === capacityOf(record) ? unchanged(next) : changed(next, 'described')
  return follow(described, told => (isNewsToClaims(record, told) ? changed(told, 'bizs') : unchanged(told)))
}

/** A clash tells the web server of a base better than names of plugins do. */
function webOf(record: BaseRecord, { webModules, webServer }: HealthReport): Partial<BaseRecord> {
  const lent = webServer === 'none' ? (record.webServer ?? webServer) : webServer
  return { ...(webModules && { webPaths: pathsIn(record, webModules) }), ...(lent && { webServer: lent }) }
}

/** An answer may be newer than a health that is on its way. */
function pathsIn(
  { webPaths, bizs }: BaseRecord,
  listed: NonNullable<HealthReport['webModules']>,
): ReadonlyMap<BizKey, string> {
  const known = [...webPaths].filter(([key]) => bizs.has(key))
  const told = listed.map(({ name, version, path }) => [bizKey(name, version), path] as const)
  return new Map([...known, ...told])
}

/** Claims wait for the first health, for paths, and after a clash for the health that tells whose the path is. */
function isNewsToClaims(before: BaseRecord, { webPaths, webServer }: BaseRecord): boolean {
  const answered = (before.healthAtMs ?? 0) <= newestClashAtMs(before)
  return !before.health || answered || before.webServer !== webServer || !samePaths(before.webPaths, webPaths)
}

const samePaths = (a: BaseRecord['webPaths'], b: BaseRecord['webPaths']): boolean =>
  a.size === b.size && [...a].every(([key, path]) => b.get(key) === path)

/** What a Node shows of a health: pressure to the nearest percent, so that each byte does not wake anyone. */
function capacityOf({ health, metaspaceOwnBytes }: BaseRecord): string {
  const { processors, javaVersion, metaspaceMaxBytes, metaspaceUsedBytes, masterState } = health ?? {}
  const percent = metaspaceMaxBytes ? Math.floor((100 * (metaspaceUsedBytes ?? 0)) / metaspaceMaxBytes) : undefined
  return JSON.stringify([processors, javaVersion, metaspaceMaxBytes, percent, masterState, metaspaceOwnBytes])
}
