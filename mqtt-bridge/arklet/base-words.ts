/** The parts of a base's answers that are more than a line: what Java prints around the little that matters. */
import type { BizReport } from './vocabulary.ts'

export interface ResponseWords {
  readonly code: string
  readonly data?: object
  readonly message?: string
}

export function installedWords(bizs: readonly BizReport[], metaspaceBytes?: number): ResponseWords & { data: object } {
  const [first] = bizs
  return {
    code: 'SUCCESS',
    data: {
      bizInfos: bizs.map(bizInfo),
      code: 'SUCCESS',
      ...(metaspaceBytes !== undefined ? { elapsedSpace: metaspaceBytes } : {}),
      message: `Install Biz: ${first?.name}:${first?.version} success, cost: 50 ms, started at: 12:00:00,000`,
    },
  }
}

/** An exception wherever cause and message differ; else the plain text of a refusal. */
export function failureWords(failure: { code: string; message: string; cause: string }): ResponseWords {
  const { code, message, cause } = failure
  return { code: 'FAILED', data: { code, message: stackTrace(message, cause) }, message }
}

export function stackTrace(message: string, cause: string): string {
  const at =
    '\n\tat com.alipay.sofa.koupleless.arklet.core.command.CommandServiceImpl.process(CommandServiceImpl.java:180)'
  return `com.alipay.sofa.koupleless.arklet.core.common.exception.ArkletRuntimeException: ${message}${at}\nCaused by: ${cause}${at}\n`
}

function bizInfo({ name, version, state, changedAtMs, reason, message, webContextPath }: BizReport): object {
  return {
    attributes: {},
    bizName: name,
    bizState: state.toUpperCase(),
    bizStateRecords: [{ changeTime: changedAtMs, message, reason, state: state.toUpperCase() }],
    bizVersion: version,
    identity: `${name}:${version}`,
    priority: 100,
    ...(webContextPath !== undefined && { webContextPath }),
  }
}
