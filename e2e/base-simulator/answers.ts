import type { Biz } from './ark.ts'
import { type JavaException, stackTrace } from './java-exception.ts'

/** The `response` of bizOperation and batchInstallBizResponse, field by field as captured. */
export interface ArkResponse {
  readonly code: 'SUCCESS' | 'FAILED'
  readonly data?: Readonly<Record<string, unknown>>
  readonly message?: string
}

export const INSTALL_NOT_SUCCESS = 'install biz not success!'

export const succeeded = (data: ArkResponse['data']): ArkResponse => ({
  code: 'SUCCESS',
  ...(data && { data }),
})

/** A refusal that carries no data: a conflict, or a requestId used before. */
export const refused = (message: string): ArkResponse => ({ code: 'FAILED', message })

export const failed = (message: string, data: ArkResponse['data']): ArkResponse => ({
  code: 'FAILED',
  ...(data && { data }),
  message,
})

export const threw = (e: JavaException): ArkResponse =>
  failed(e.message ?? '', { code: 'FAILED', message: stackTrace(e) })

export const repeatText = (biz: string): string => `Biz: ${biz} has been installed or registered.`

export function installedText(biz: Biz, startedMs: number, endedMs: number): string {
  const at = new Date(startedMs).toISOString().slice(11, 23).replace('.', ',')
  return `Install Biz: ${biz.name}:${biz.version} success, cost: ${Math.round(endedMs - startedMs)} ms, started at: ${at}`
}

const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
export const mainClassOf = (name: string): string => `${name}.${capitalised(name)}`

export function bizInfo(biz: Biz): Readonly<Record<string, unknown>> {
  const dir = `/tmp/sofa-ark/${biz.name}-${biz.version}-${biz.records[0]?.changeTime ?? 0}-unpack`
  return {
    attributes: {},
    bizName: biz.name,
    bizState: biz.state,
    bizStateRecords: biz.records,
    bizTempWorkDir: dir,
    bizUrl: `file:${dir}/`,
    bizVersion: biz.version,
    classPath: [`file:${dir}/`, `file:${dir}/lib`],
    declaredMode: true,
    denyImportClasses: [],
    denyImportPackageNodes: [],
    denyImportPackageStems: [],
    denyImportPackages: [],
    denyImportResources: [],
    denyPrefixImportResourceStems: [],
    denySuffixImportResourceStems: [],
    identity: `${biz.name}:${biz.version}`,
    injectExportPackages: [],
    injectPluginDependencies: [],
    mainClass: mainClassOf(biz.name),
    priority: 100,
    webContextPath: biz.webContextPath,
  }
}

export const simpleBiz = (biz: Biz): Readonly<Record<string, unknown>> => ({
  latestStateRecord: biz.records.at(-1),
  name: biz.name,
  state: biz.state.toLowerCase(),
  version: biz.version,
})
