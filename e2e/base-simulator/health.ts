import type { Ark } from './ark.ts'
import { inJavaMapOrder } from './java-map-order.ts'
import type { WebServerKind } from './web-server.ts'

/** The base itself as SOFAArk sees it: `spring.application.name`, always 1.0.0, whatever its metadata say. */
export const MASTER_BIZ = { name: 'base', version: '1.0.0' } as const

export interface JvmOptions {
  /** -1 is what a JVM without -XX:MaxMetaspaceSize says. */
  readonly metaspaceMaxBytes: number
  readonly metaspaceOwnBytes: number
  readonly processors: number
  readonly javaVersion: string
}

const MIB = 1024 * 1024
const COMMITTED_ABOVE_USED = 540_000

interface Listed {
  readonly bizName: string
  readonly bizState: string
  readonly bizVersion: string
  readonly webContextPath: string
}

const MASTER: Listed = {
  bizName: MASTER_BIZ.name,
  bizState: 'ACTIVATED',
  bizVersion: MASTER_BIZ.version,
  webContextPath: '/',
}

const modules = (ark: Ark): Listed[] =>
  ark.bizs.map(biz => ({
    bizName: biz.name,
    bizState: biz.state,
    bizVersion: biz.version,
    webContextPath: biz.webContextPath,
  }))

const bizList = (ark: Ark): Listed[] => inJavaMapOrder([MASTER, ...modules(ark)], biz => biz.bizName)

interface Examined {
  readonly ark: Ark
  readonly jvm: JvmOptions
  readonly upMs: number
  readonly webServer: WebServerKind
  /** Of SOFAArk. */
  readonly release: string
}

/** Undefined where a real base throws: an unknown type, or (not captured) a biz that is not there. */
export function healthData(
  ask: Readonly<Record<string, unknown>>,
  { ark, jvm, upMs, webServer, release }: Examined,
): Readonly<Record<string, unknown>> | undefined {
  const system = { jvm: jvmFigures(jvm, ark.metaspaceBytes, upMs), cpu: cpuFigures(jvm) }
  const pluginListInfo = [...lenders(webServer, release), BASE_PLUGIN]
  switch (ask.type ?? '') {
    case '':
      return { ...system, masterBizInfo: MASTER, pluginListInfo, bizListInfo: bizList(ark) }
    case 'system':
      return system
    case 'plugin':
      return { pluginListInfo }
    case 'biz':
      return bizHealth(ask, ark)
    default:
      return undefined
  }
}

function bizHealth(ask: Readonly<Record<string, unknown>>, ark: Ark): Readonly<Record<string, unknown>> | undefined {
  if (ask.bizName === undefined) return { bizListInfo: bizList(ark) }
  const bizInfo = bizList(ark).find(biz => biz.bizName === ask.bizName && biz.bizVersion === ask.bizVersion)
  return bizInfo && { bizInfo }
}

function jvmFigures(jvm: JvmOptions, moduleBytes: number, upMs: number): Readonly<Record<string, unknown>> {
  const used = jvm.metaspaceOwnBytes + moduleBytes
  return {
    'max non heap memory(M)': 312,
    'java version': jvm.javaVersion,
    'max memory(M)': 61.875,
    'max heap memory(M)': 61.875,
    'used heap memory(M)': 23.44727325439453,
    'used non heap memory(M)': (used + 10 * MIB) / MIB,
    'loaded class count': 8695,
    'init non heap memory(M)': 2.4375,
    'total memory(M)': 29.8984375,
    'free memory(M)': 6.326286315917969,
    'unload class count': 2,
    'total class count': 8697,
    'java max metaspace': jvm.metaspaceMaxBytes,
    'java committed metaspace': used + COMMITTED_ABOVE_USED,
    'committed heap memory(M)': 29.8984375,
    'java home': '/opt/java',
    'init heap memory(M)': 24,
    'java used metaspace': used,
    'committed non heap memory(M)': (used + 11 * MIB) / MIB,
    'run time(s)': Math.round(upMs) / 1000,
  }
}

const cpuFigures = (jvm: JvmOptions): Readonly<Record<string, unknown>> => ({
  count: jvm.processors,
  'total used (%)': 39770,
  type: 'simulated',
  'user used (%)': 0.8046266029670606,
  'free (%)': 98.290168468695,
  'system used (%)': 0.77948202162434,
})

const BASE_PLUGIN = {
  artifactId: 'koupleless-base-plugin',
  groupId: 'com.alipay.sofa.koupleless',
  pluginActivator: 'com.alipay.sofa.koupleless.plugin.ServerlessRuntimeActivator',
  pluginName: 'koupleless-base-plugin',
  pluginUrl: 'file:/srv/base.jar!/BOOT-INF/lib/koupleless-base-plugin-2.1.11.jar!/',
  pluginVersion: '2.1.11',
}

/** What lends the base's web server to its modules. The one for Netty is not captured: by its source. */
const LENDERS: Readonly<Record<WebServerKind, readonly (readonly [name: string, activator: string])[]>> = {
  none: [],
  servlet: [['web-ark-plugin', 'com.alipay.sofa.ark.web.embed.WebPluginActivator']],
  reactive: [['netty-ark-plugin', 'com.alipay.sofa.ark.NettyPluginActivator']],
}

const lenders = (webServer: WebServerKind, release: string): readonly (typeof BASE_PLUGIN)[] =>
  LENDERS[webServer].map(([name, pluginActivator]) => ({
    artifactId: name,
    groupId: 'com.alipay.sofa',
    pluginActivator,
    pluginName: name,
    pluginUrl: `file:/srv/base.jar!/BOOT-INF/lib/${name}-${release}.jar!/`,
    pluginVersion: release,
  }))
