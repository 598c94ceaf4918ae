/** A health answer, reduced to what a Node shows and what tells one JVM from its successor. */
import { excerpt } from '../redact.ts'
import { stateOf } from './biz-report.ts'
import type { HealthData } from './validate.ts'
import type { HealthReport, WebModule, WebServer } from './vocabulary.ts'

/** Empty for the health of a single biz, which carries no JVM: it tells that the base lives, and nothing else. */
export function readHealth(data: HealthData): HealthReport {
  const { jvm, cpu, masterBizInfo, pluginListInfo } = data
  const javaVersion = jvm?.['java version']
  return {
    ...runTime(jvm?.['run time(s)']),
    ...(javaVersion ? { javaVersion: excerpt(javaVersion, 64) } : {}),
    ...amount('processors', cpu?.count),
    ...amount('metaspaceUsedBytes', jvm?.['java used metaspace']),
    ...amount('metaspaceCommittedBytes', jvm?.['java committed metaspace']),
    ...amount('metaspaceMaxBytes', jvm?.['java max metaspace']),
    ...(masterBizInfo?.bizState ? { masterState: stateOf(masterBizInfo.bizState) } : {}),
    ...webModulesOf(data),
    ...webServerOf(pluginListInfo),
  }
}

/** The base lists itself among its modules, under the name and version of its master biz (capture 02). */
function webModulesOf({ masterBizInfo, bizListInfo }: HealthData): Pick<HealthReport, 'master' | 'webModules'> {
  if (!bizListInfo) return {}
  const listed = bizListInfo.flatMap((biz): readonly WebModule[] =>
    biz?.webContextPath ? [{ name: biz.bizName, version: biz.bizVersion, path: biz.webContextPath }] : [],
  )
  const isMaster = ({ name, version }: WebModule): boolean =>
    name === masterBizInfo?.bizName && version === masterBizInfo.bizVersion
  const master = listed.find(isMaster)
  return { ...(master && { master }), webModules: listed.filter(biz => !isMaster(biz)) }
}

/** Names of the plugins that lend the base's web server to modules, on Tomcat and on Netty. */
const LENDERS: readonly (readonly [RegExp, WebServer])[] = [
  [/netty-ark-plugin/, 'reactive'],
  [/web-ark-plugin/, 'servlet'],
]

function webServerOf(plugins: HealthData['pluginListInfo']): Pick<HealthReport, 'webServer'> {
  if (!plugins) return {}
  const names = plugins.map(plugin => `${plugin?.artifactId ?? ''} ${plugin?.pluginName ?? ''}`)
  return { webServer: LENDERS.find(([lender]) => names.some(name => lender.test(name)))?.[1] ?? 'none' }
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
