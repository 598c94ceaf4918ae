/** Topics: `koupleless_<env>/<identity>/base/<verb>` from a base, `koupleless_<env>/<identity>/<verb>` to it. Pure. */
import { ArkletError } from '../errors.ts'
import { type BaseId, baseId, type Command } from './vocabulary.ts'

/** What a base publishes. Each needs a subscription of its own: `base/+` would bring in our own `base/baseline`. */
export const BASE_VERBS = [
  'heart',
  'queryBaseline',
  'health',
  'simpleBiz',
  'bizOperation',
  'batchInstallBizResponse',
] as const
export type BaseVerb = (typeof BASE_VERBS)[number]

const IDENTITY_BYTES_MAX = 253

/** Where each command goes below `koupleless_<env>/<identity>/`. A base takes `baseline` too, but subscribes to `base/baseline`. */
const COMMAND_SUFFIX: Readonly<Record<Command['kind'], string>> = {
  installBiz: 'installBiz',
  uninstallBiz: 'uninstallBiz',
  health: 'health',
  queryAllBiz: 'queryAllBiz',
  baseline: 'base/baseline',
}

/**
 * The first level of every topic of an environment. A real base lower-cases its env, so we do.
 * @throws ArkletError BROKER_CONFIG for an env that cannot be part of a topic
 */
export function topicRoot(env: string): string {
  const fault = faultOfLevel(env)
  if (fault) throw new ArkletError('BROKER_CONFIG', `env ${JSON.stringify(env)} ${fault}`)
  return `koupleless_${env.toLowerCase()}`
}

/** All filters by which the bases of an environment are heard. */
export const subscriptionsOf = (env: string): readonly string[] =>
  BASE_VERBS.map(verb => `${topicRoot(env)}/+/base/${verb}`)

/**
 * Where a base hears a command.
 * @throws ArkletError COMMAND_INVALID for an identity that would reach another topic
 */
export function commandTopic(env: string, base: BaseId, kind: Command['kind']): string {
  const fault = faultOfLevel(base)
  if (fault) throw new ArkletError('COMMAND_INVALID', `identity ${fault}`)
  return `${topicRoot(env)}/${base}/${COMMAND_SUFFIX[kind]}`
}

/** All that a base takes a command on, and the peer's topic for several installs at once. */
const LEFT_SUFFIXES: ReadonlySet<string> = new Set([...Object.values(COMMAND_SUFFIX), 'baseline', 'batchInstallBiz'])

/** Filters of all topics on which an older controller may have left retained commands. */
export const leftoverFilters = (env: string): readonly string[] =>
  [...LEFT_SUFFIXES].map(suffix => `${topicRoot(env)}/+/${suffix}`)

/** Whether a command on that topic would reach a base. Total for an env that `topicRoot` takes. */
export function isCommandTopic(env: string, topic: string): boolean {
  const parsed = parseCommandTopic(env, topic)
  return parsed.ok && LEFT_SUFFIXES.has(parsed.verb)
}

/** The topic of what a base says. */
export const baseTopic = (env: string, base: BaseId, verb: BaseVerb): string => `${topicRoot(env)}/${base}/base/${verb}`

export type ParsedTopic<Verb extends string> =
  | { readonly ok: true; readonly base: BaseId; readonly verb: Verb }
  | { readonly ok: false; readonly code: 'TOPIC_FOREIGN' | 'IDENTITY_INVALID'; readonly message: string }

/** Reads the topic of what a base says. Total for an env that `topicRoot` takes. */
export function parseBaseTopic(env: string, topic: string): ParsedTopic<BaseVerb> {
  const root = topicRoot(env)
  const levels = topic.split('/', 5)
  const [first, identity, between, verb] = levels
  if (levels.length !== 4 || first !== root || between !== 'base') return foreign(root)
  if (identity === undefined || !isBaseVerb(verb)) return foreign(root)
  return withIdentity(identity, verb)
}

/** Reads the topic of a command, as a base does: the suffix after its identity. Total as above. */
export function parseCommandTopic(env: string, topic: string): ParsedTopic<string> {
  const root = topicRoot(env)
  const levels = topic.split('/')
  const [first, identity, ...suffix] = levels
  if (first !== root || identity === undefined || suffix.length === 0) return foreign(root)
  return withIdentity(identity, suffix.join('/'))
}

/** Why no base may bear this identity; undefined when it may. */
export const faultOfIdentity = (identity: string): string | undefined => faultOfLevel(identity)

function withIdentity<Verb extends string>(identity: string, verb: Verb): ParsedTopic<Verb> {
  const fault = faultOfLevel(identity)
  if (fault) return { ok: false, code: 'IDENTITY_INVALID', message: `identity ${fault}` }
  return { ok: true, base: baseId(identity), verb }
}

const foreign = (root: string): ParsedTopic<never> => ({
  ok: false,
  code: 'TOPIC_FOREIGN',
  message: `not a topic of ${root}`,
})

const isBaseVerb = (verb: string | undefined): verb is BaseVerb => (BASE_VERBS as readonly unknown[]).includes(verb)

/** A level that held a wildcard or a slash would be another topic; control characters would end up in logs and objects. */
function faultOfLevel(level: string): string | undefined {
  if (level === '') return 'is empty'
  if (level.length > IDENTITY_BYTES_MAX || Buffer.byteLength(level) > IDENTITY_BYTES_MAX)
    return `is longer than ${IDENTITY_BYTES_MAX} bytes`
  if (/[+#/]/.test(level)) return 'holds a wildcard or a slash'
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\ufffd]/u.test(level)) return 'holds a character that no text should'
  return undefined
}
