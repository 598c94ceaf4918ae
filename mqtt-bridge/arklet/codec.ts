/**
 * Bytes ⇄ words of Arklet over MQTT. Pure. `decode` is total: whatever a broker hands over, it answers with an observation or with a
 * refusal that has a code and the path of the fault.
 */
import { ArkletError, type ArkletErrorCode, type Refusal } from '../errors.ts'
import { excerpt } from '../redact.ts'
import { readAddress } from './base-address.ts'
import { readSnapshotEntry, stateOf } from './biz-report.ts'
import { readHealth } from './health-report.ts'
import { batchOf, outcomeOf } from './outcome.ts'
import { type BaseVerb, commandTopic, parseBaseTopic } from './topics.ts'
import {
  answerShape,
  assertCommand,
  batchAnswerShape,
  type Checked,
  check,
  type Fault,
  healthShape,
  heartShape,
  queryBaselineShape,
  snapshotShape,
} from './validate.ts'
import {
  type BaseId,
  type BaseMetadata,
  baseId,
  type Command,
  type InstallBiz,
  type Observation,
} from './vocabulary.ts'
import { argsOfProof } from './web-path.ts'

export const PAYLOAD_BYTES_MAX = 1024 * 1024

export type Decoded =
  | { readonly ok: true; readonly observation: Observation }
  | { readonly ok: false; readonly refusal: Refusal }

type Read = Observation | { readonly code: ArkletErrorCode; readonly fault: Fault }

/** Reads what a base says. Never throws for an env that `topicRoot` takes. */
export function decode(env: string, topic: string, payload: Uint8Array, bytesMax = PAYLOAD_BYTES_MAX): Decoded {
  const parsed = parseBaseTopic(env, topic)
  const refuse = (code: ArkletErrorCode, message: string, path = ''): Decoded => ({
    ok: false,
    refusal: { code, ...(parsed.ok && { base: parsed.base }), topic: excerpt(topic), path, message },
  })
  if (!parsed.ok) return refuse(parsed.code, parsed.message)
  if (payload.byteLength > bytesMax)
    return refuse('PAYLOAD_TOO_LARGE', `${payload.byteLength} bytes, at most ${bytesMax} are read`)
  const json = parseJson(payload)
  if (!json.ok) return refuse('PAYLOAD_NOT_JSON', `${payload.byteLength} bytes that are no JSON`)
  const read = READERS[parsed.verb](parsed.base, json.value)
  if ('fault' in read) return refuse(read.code, read.fault.message, read.fault.path)
  return { ok: true, observation: read }
}

/**
 * The topic and payload of a command.
 * @throws ArkletError COMMAND_INVALID
 */
export function encode(
  env: string,
  base: BaseId,
  command: Command,
  bytesMax = PAYLOAD_BYTES_MAX,
): { readonly topic: string; readonly payload: string } {
  assertCommand(command)
  const payload = JSON.stringify(wordsOf(command))
  const bytes = Buffer.byteLength(payload)
  if (bytes > bytesMax) throw new ArkletError('COMMAND_INVALID', `${bytes} bytes, at most ${bytesMax} may be sent`)
  return { topic: commandTopic(env, base, command.kind), payload }
}

/** Why `encode` would refuse this command, whoever it is for; undefined: it would not. Begins with the field: `version: …`. */
export function faultOfCommand(command: Command, bytesMax = PAYLOAD_BYTES_MAX): string | undefined {
  try {
    encode('any', baseId('any'), command, bytesMax)
    return undefined
  } catch (error) {
    if (error instanceof ArkletError) return error.message
    throw error
  }
}

function wordsOf(command: Command): object {
  switch (command.kind) {
    case 'installBiz':
      return installWords(command)
    case 'uninstallBiz':
      return { bizName: command.name, bizVersion: command.version }
    case 'baseline':
      return command.bizs.map(installWords)
    case 'health':
    case 'queryAllBiz':
      return {}
  }
}

function installWords({ name, version, url, args = [], envs, strategy, proof }: Omit<InstallBiz, 'kind'>): object {
  const sent = proof ? argsOfProof(args, proof) : args
  return {
    bizName: name,
    bizVersion: version,
    bizUrl: url,
    ...(sent.length > 0 ? { args: sent } : {}),
    ...(envs && Object.keys(envs).length > 0 ? { envs } : {}),
    ...(strategy ? { installStrategy: strategy } : {}),
  }
}

const READERS: Readonly<Record<BaseVerb, (base: BaseId, json: unknown) => Read>> = {
  queryBaseline: (base, json) =>
    read(check(queryBaselineShape, json), ({ data, publishTimestamp }) => {
      const claimed = claimsOther(base, data.identity, 'data.identity')
      return claimed ?? { kind: 'queryBaseline', base, publishedAtMs: publishTimestamp, metadata: metadataOf(data) }
    }),
  heart: (base, json) =>
    read(check(heartShape, json), ({ data, publishTimestamp }) => {
      const claimed = claimsOther(base, data.baseMetadata.identity, 'data.baseMetadata.identity')
      if (claimed) return claimed
      return {
        kind: 'heart',
        base,
        publishedAtMs: publishTimestamp,
        metadata: metadataOf(data.baseMetadata),
        ...readAddress(data.localIP ?? ''),
        hostName: data.localHostName ?? '',
        port: data.port ?? 0,
        state: stateOf(data.state),
      }
    }),
  health: (base, json) =>
    read(check(healthShape, json), ({ data, publishTimestamp }) => ({
      kind: 'health',
      base,
      publishedAtMs: publishTimestamp,
      health: readHealth(data.data?.healthData ?? {}),
    })),
  simpleBiz: (base, json) =>
    read(check(snapshotShape, json), ({ data, publishTimestamp }) => ({
      kind: 'snapshot',
      base,
      publishedAtMs: publishTimestamp,
      bizs: data.map(readSnapshotEntry),
    })),
  bizOperation: (base, json) =>
    read(check(answerShape, json), ({ data, publishTimestamp }) => ({
      kind: 'answer',
      base,
      publishedAtMs: publishTimestamp,
      command: data.command,
      name: data.bizName ?? '',
      version: data.bizVersion ?? '',
      outcome: outcomeOf(data.command, data.response),
    })),
  batchInstallBizResponse: (base, json) =>
    read(check(batchAnswerShape, json), ({ data, publishTimestamp }) => ({
      kind: 'batchAnswer',
      base,
      publishedAtMs: publishTimestamp,
      ...batchOf(data.response),
    })),
}

function read<T>(checked: Checked<T>, toObservation: (value: T) => Read): Read {
  return checked.ok ? toObservation(checked.value) : { code: 'PAYLOAD_INVALID', fault: checked.fault }
}

/** Only the topic is checked by a broker's access list, so the topic's identity is the base's. */
function claimsOther(base: BaseId, claimed: string | null | undefined, path: string): Read | undefined {
  if (claimed == null || claimed === base) return undefined
  return { code: 'IDENTITY_MISMATCH', fault: { path, message: `claims to be ${JSON.stringify(excerpt(claimed))}` } }
}

type Labels = { readonly [Key in keyof BaseMetadata]?: string | null | undefined }
const metadataOf = ({ name, version, clusterName }: Labels): BaseMetadata => ({
  name: name ?? '',
  version: version ?? '',
  clusterName: clusterName ?? '',
})

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseJson(payload: Uint8Array): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(utf8.decode(payload)) }
  } catch {
    return { ok: false }
  }
}
