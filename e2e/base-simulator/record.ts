import type { ArkResponse } from './answers.ts'
import { bizRequest, parseObject } from './requests.ts'

/** One message as it reached the base. Questions are counted, not kept. */
export interface ReceivedCommand {
  readonly kind: string
  readonly name: string
  readonly version: string
  readonly url: string
  readonly strategy: string
  readonly args: readonly string[]
  readonly retained: boolean
  readonly atMs: number
}

export interface GivenAnswer {
  readonly command: string
  readonly name: string
  readonly version: string
  readonly code: string
  /** `SUCCESS`, `REPEAT_BIZ`, …; empty for a conflict. */
  readonly dataCode: string
  readonly atMs: number
}

export function receivedCommand(
  kind: string,
  payload: Uint8Array,
  { retained, atMs }: Pick<ReceivedCommand, 'retained' | 'atMs'>,
): ReceivedCommand {
  const parsed = parseObject(payload)
  const { name = '', version = '', url = '', strategy, args } = bizRequest(parsed.kind === 'ok' ? parsed.value : {})
  return { kind, name, version, url, strategy, args, retained, atMs }
}

/** @param data of a `bizOperation` */
export function givenAnswer(data: unknown, atMs: number): GivenAnswer {
  const said = data as { bizName?: string; bizVersion?: string; command: string; response: ArkResponse }
  return {
    command: said.command,
    name: said.bizName ?? '',
    version: said.bizVersion ?? '',
    code: said.response.code,
    dataCode: typeof said.response.data?.code === 'string' ? said.response.data.code : '',
    atMs,
  }
}
