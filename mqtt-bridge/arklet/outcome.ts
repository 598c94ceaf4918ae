/** What an answer says became of a command. Pure. */
import { excerpt } from '../redact.ts'
import { readBizInfo } from './biz-report.ts'
import { clashOf } from './clash.ts'
import { causeOf, hasInnerCause, isStackTrace } from './failure-cause.ts'
import type { AnswerResponse, BatchResponse } from './validate.ts'
import type { BatchResult, CommandOutcome } from './vocabulary.ts'

/** `FAILED:biz1:0.0.1 installBiz conflict, exist unfinished command(uninstallBiz) for this biz`: in brackets, what runs. */
const CONFLICT = /conflict, exist unfinished command\(([^)]{0,64})\)/
const HEAD_CHARS = 1_024

export function outcomeOf(command: 'installBiz' | 'uninstallBiz', response: AnswerResponse): CommandOutcome {
  const code = response.data?.code ?? response.code
  if (response.code === 'SUCCESS' && code === 'SUCCESS') return success(command, response)
  if (code === 'REPEAT_BIZ') return { kind: 'repeat' }
  if (code === 'NOT_FOUND_BIZ') return { kind: 'absent' }
  const running = runningCommand(response)
  if (running !== undefined) return { kind: 'conflict', running }
  return failure(code, response)
}

function failure(code: string, response: AnswerResponse): CommandOutcome {
  const clash = clashOf(response.data?.message ?? response.message ?? '')
  return { kind: 'failed', code: excerpt(code, 64), ...wordsOf(response), ...(clash && { clash }) }
}

/** SUCCESS without a biz is an `async` command taken, or a base that tells less: either way the next snapshot has to show it. */
function success(command: 'installBiz' | 'uninstallBiz', { data }: AnswerResponse): CommandOutcome {
  if (command === 'uninstallBiz') return data?.code ? { kind: 'uninstalled' } : { kind: 'accepted' }
  if (!data?.bizInfos?.length) return { kind: 'accepted' }
  const bizs = data.bizInfos.map(readBizInfo)
  const { elapsedSpace } = data
  // Negative where something else was unloaded meanwhile: says nothing about this install.
  const isKnown = elapsedSpace != null && elapsedSpace >= 0
  return { kind: 'installed', bizs, ...(isKnown ? { metaspaceBytes: elapsedSpace } : {}) }
}

function runningCommand(response: { readonly message?: string | null | undefined }): string | undefined {
  return CONFLICT.exec(response.message?.slice(0, HEAD_CHARS) ?? '')?.[1]
}

interface Words {
  readonly message: string
  readonly cause: string
}

/** An exception: `response.message` is the outer one's text, `data.message` its stack. A refusal: `data.message` is the plain reason. */
function wordsOf(response: AnswerResponse | BatchResponse): Words {
  const outer = response.message ?? ''
  const inner = response.data?.message ?? ''
  const message = causeOf(outer || inner)
  if (inner && (hasInnerCause(inner) || !isStackTrace(inner))) return { message, cause: causeOf(inner) }
  return { message, cause: message }
}

export function batchOf(response: BatchResponse): { code: string; message: string; results: readonly BatchResult[] } {
  const entries = Object.entries(response.data?.bizUrlToResponse ?? {})
  return {
    code: excerpt(response.data?.code ?? response.code, 64),
    message: wordsOf(response).cause,
    results: entries.map(([url, entry]) => ({
      url,
      code: excerpt(entry.code, 64),
      message: causeOf(entry.message ?? ''),
      bizs: (entry.bizInfos ?? []).map(readBizInfo),
    })),
  }
}
