/** A health answer, reduced to what a Node shows and what tells one JVM from its successor. */
import { excerpt } from '../redact.ts'
import { stateOf } from './biz-report.ts'
import type { HealthData } from './validate.ts'
import type { HealthReport } from './vocabulary.ts'

/** Empty for the health of a single biz, which carries no JVM: it tells that the base lives, and nothing else. */
export function readHealth({ jvm, cpu, masterBizInfo }: HealthData): HealthReport {
  const javaVersion = jvm?.['java version']
  return {
    ...runTime(jvm?.['run time(s)']),
    ...(javaVersion ? { javaVersion: excerpt(javaVersion, 64) } : {}),
    ...amount('processors', cpu?.count),
    ...amount('metaspaceUsedBytes', jvm?.['java used metaspace']),
    ...amount('metaspaceCommittedBytes', jvm?.['java committed metaspace']),
    ...amount('metaspaceMaxBytes', jvm?.['java max metaspace']),
    ...(masterBizInfo?.bizState ? { masterState: stateOf(masterBizInfo.bizState) } : {}),
  }
}

const runTime = (seconds: number | null | undefined): { runTimeMs?: number } =>
  isCountable(seconds, 1_000) ? { runTimeMs: Math.round(seconds * 1_000) } : {}

/** A JVM says -1 for "no limit": absent, for nobody should reckon with it. */
function amount<Key extends keyof HealthReport>(key: Key, value: number | null | undefined): { [K in Key]?: number } {
  return isCountable(value) ? ({ [key]: value } as { [K in Key]?: number }) : {}
}

/** Beyond this no JVM is: a number that cannot be counted with, or shown in an object of Kubernetes. */
const isCountable = (value: number | null | undefined, factor = 1): value is number =>
  value != null && value >= 0 && value * factor <= Number.MAX_SAFE_INTEGER
