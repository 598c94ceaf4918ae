/** The other side of the wire, for whoever plays a base (simulator, tests): what a base publishes. Not part of the door. */
import { failureWords, installedWords, type ResponseWords, stackTrace } from './base-words.ts'
import { type BaseVerb, baseTopic } from './topics.ts'
import type { BatchResult, BizReport, CommandOutcome, HealthReport, Observation } from './vocabulary.ts'

export { decodeCommand, type Received } from './base-hears.ts'

type Of<Kind extends Observation['kind']> = Extract<Observation, { kind: Kind }>

const VERB: Readonly<Record<Observation['kind'], BaseVerb>> = {
  queryBaseline: 'queryBaseline',
  heart: 'heart',
  health: 'health',
  snapshot: 'simpleBiz',
  answer: 'bizOperation',
  batchAnswer: 'batchInstallBizResponse',
}

/** What a real base would have published, so that `decode` says this observation again. */
export function encodeObservation(
  env: string,
  observation: Observation,
): { readonly topic: string; readonly payload: string } {
  return {
    topic: baseTopic(env, observation.base, VERB[observation.kind]),
    payload: JSON.stringify({ data: dataOf(observation), publishTimestamp: observation.publishedAtMs }),
  }
}

function dataOf(observation: Observation): unknown {
  switch (observation.kind) {
    case 'queryBaseline':
      return { ...observation.metadata, identity: observation.base }
    case 'heart':
      return heartWords(observation)
    case 'health':
      return { code: 'SUCCESS', data: { healthData: healthWords(observation.health) } }
    case 'snapshot':
      return observation.bizs.map(snapshotWords)
    case 'answer':
      return answerWords(observation)
    case 'batchAnswer':
      return { response: batchWords(observation), command: 'batchInstallBiz' }
  }
}

const heartWords = ({ base, metadata, ip, unusableIp, hostName, port, state }: Of<'heart'>): object => ({
  baseMetadata: { ...metadata, identity: base },
  localHostName: hostName,
  localIP: ip ?? unusableIp,
  port,
  state,
})

const healthWords = (health: HealthReport): object => ({
  jvm: {
    ...(health.runTimeMs !== undefined ? { 'run time(s)': health.runTimeMs / 1_000 } : {}),
    ...(health.javaVersion ? { 'java version': health.javaVersion } : {}),
    'java used metaspace': health.metaspaceUsedBytes,
    'java committed metaspace': health.metaspaceCommittedBytes,
    'java max metaspace': health.metaspaceMaxBytes ?? -1,
  },
  cpu: { count: health.processors },
  masterBizInfo: { bizState: health.masterState?.toUpperCase() },
})

const snapshotWords = ({ name, version, state, changedAtMs, reason, message }: BizReport): object => ({
  latestStateRecord: { changeTime: changedAtMs, message, reason, state: state.toUpperCase() },
  name,
  state,
  version,
})

const answerWords = ({ command, name, version, outcome }: Of<'answer'>): object => ({
  ...(name ? { bizName: name } : {}),
  response: responseWords(command, `${name}:${version}`, outcome),
  command,
  ...(version ? { bizVersion: version } : {}),
})

function responseWords(command: string, key: string, outcome: CommandOutcome): ResponseWords {
  switch (outcome.kind) {
    case 'installed':
      return installedWords(outcome.bizs, outcome.metaspaceBytes)
    case 'uninstalled':
      return { code: 'SUCCESS', data: { code: 'SUCCESS', message: `Uninstall biz: ${key} success.` } }
    case 'accepted':
      return { code: 'SUCCESS', data: { status: 'INITIALIZED' } }
    case 'repeat':
      return refused('REPEAT_BIZ', `Biz: ${key} has been installed or registered.`, 'install biz not success!')
    case 'absent':
      return refused('NOT_FOUND_BIZ', `Uninstall biz: ${key} not found.`, 'uninstall biz not success!')
    case 'conflict':
      return { code: 'FAILED', message: conflictText(command, key, outcome.running) }
    case 'failed':
      return failureWords(outcome)
  }
}

const refused = (code: string, message: string, outer: string): ResponseWords => ({
  code: 'FAILED',
  data: { code, message },
  message: outer,
})

const conflictText = (command: string, key: string, running: string): string =>
  `FAILED:${key} ${command} conflict, exist unfinished command(${running}) for this biz`

function batchWords({ code, message, results }: Of<'batchAnswer'>): ResponseWords {
  const isSuccess = code === 'SUCCESS'
  if (!isSuccess && results.length === 0)
    return { code: 'FAILED', data: { code, message: stackTrace(message, message) }, message }
  return {
    code: isSuccess ? 'SUCCESS' : 'FAILED',
    data: { bizUrlToResponse: Object.fromEntries(results.map(batchEntry)), code, message },
    ...(isSuccess ? {} : { message: 'install biz not success!' }),
  }
}

function batchEntry({ url, code, message, bizs }: BatchResult): [string, object] {
  return [url, { ...(bizs.length > 0 ? installedWords(bizs).data : {}), code, message }]
}
