/** How a base understands what it hears: the counterpart of `encode`. Pure. */
import { z } from 'zod'
import { parseCommandTopic } from './topics.ts'
import type { BaseId, Command, InstallBiz } from './vocabulary.ts'

/** How a base understands what it hears. */
export type Received =
  | { readonly kind: 'command'; readonly base: BaseId; readonly command: Command }
  /** Read, yet not carried out: the base answers FAILED with this text. Name and version as far as they were given. */
  | {
      readonly kind: 'refused'
      readonly base: BaseId
      readonly verb: 'installBiz' | 'uninstallBiz' | 'baseline'
      readonly name: string
      readonly version: string
      readonly message: string
    }
  /** No answer at all; only the base's log knows why. */
  | { readonly kind: 'silence'; readonly why: string }

type Refused = Extract<Received, { kind: 'refused' }>

const text = z.string().nullish()
const installWire = z.object({ bizName: text, bizVersion: text, bizUrl: text, installStrategy: text })
const argsAndEnvs = z.object({
  args: z.array(z.string()).nullish(),
  envs: z.record(z.string(), z.string()).nullish(),
})
const WRONG_TYPE = 'Cannot invoke "InstallBizHandler$Input.isAsync()" because "input" is null'

/** Total. `async` commands, which we never send, are read as ordinary ones. */
export function decodeCommand(env: string, topic: string, payload: Uint8Array): Received {
  const parsed = parseCommandTopic(env, topic)
  if (!parsed.ok) return silence(parsed.message)
  const { base, verb } = parsed
  const json = payload.byteLength === 0 ? undefined : parse(payload)
  if (json === NO_JSON) return silence('no JSON')
  const listen = Object.hasOwn(LISTENERS, verb) ? LISTENERS[verb] : undefined
  return listen ? listen(base, json) : silence('unknown command')
}

const LISTENERS: Readonly<Record<string, (base: BaseId, json: unknown) => Received>> = {
  installBiz: (base, json) => (isObject(json) ? readInstall(base, json) : silence('no object')),
  uninstallBiz: (base, json) => (isObject(json) ? readUninstall(base, json) : silence('no object')),
  health: (base, json) => readQuestion(base, 'health', json),
  queryAllBiz: (base, json) => readQuestion(base, 'queryAllBiz', json),
  baseline: readBaseline,
  'base/baseline': readBaseline,
}

function readInstall(base: BaseId, json: object): Received {
  const install = installOf(json)
  if (typeof install !== 'string') return { kind: 'command', base, command: { kind: 'installBiz', ...install } }
  return { kind: 'refused', base, verb: 'installBiz', ...labelsOf(json), message: install }
}

function readUninstall(base: BaseId, json: object): Received {
  const { name, version } = labelsOf(json)
  const refuse = (message: string): Refused => ({ kind: 'refused', base, verb: 'uninstallBiz', name, version, message })
  if (!name) return refuse('bizName should not be blank')
  if (!version) return refuse('bizVersion should not be blank')
  return { kind: 'command', base, command: { kind: 'uninstallBiz', name, version } }
}

function readQuestion(base: BaseId, kind: 'health' | 'queryAllBiz', json: unknown): Received {
  const isPlain = json === undefined || (isObject(json) && !('type' in json))
  return isPlain ? { kind: 'command', base, command: { kind } } : silence('no plain question')
}

function readBaseline(base: BaseId, json: unknown): Received {
  const refuse = (message: string): Refused => ({
    kind: 'refused',
    base,
    verb: 'baseline',
    name: '',
    version: '',
    message,
  })
  if (json === undefined) return refuse('bizList is null')
  if (!Array.isArray(json)) return silence('no array')
  const bizs = json.map(entry => (isObject(entry) ? installOf(entry) : WRONG_TYPE))
  const fault = bizs.find(biz => typeof biz === 'string')
  if (fault !== undefined) return refuse(fault)
  return { kind: 'command', base, command: { kind: 'baseline', bizs: bizs.filter(biz => typeof biz !== 'string') } }
}

/** The command, or what a real base finds wrong with it. It names no biz where the jar is to do so. */
function installOf(json: object): Omit<InstallBiz, 'kind'> | string {
  const wire = installWire.safeParse(json)
  const extras = argsAndEnvs.safeParse(json)
  if (!wire.success || !extras.success) return WRONG_TYPE
  const { bizName, bizVersion, bizUrl, installStrategy } = wire.data
  if (!bizUrl?.trim()) return 'bizUrl should not be blank'
  if (!bizName !== !bizVersion) return 'bizName and bizVersion should be both blank or both not blank.'
  return { name: bizName ?? '', version: bizVersion ?? '', url: bizUrl, ...extrasOf(extras.data, installStrategy) }
}

type Extras = Pick<InstallBiz, 'args' | 'envs' | 'strategy'>

function extrasOf({ args, envs }: z.infer<typeof argsAndEnvs>, strategy: string | null | undefined): Extras {
  return {
    ...(args?.length ? { args } : {}),
    ...(envs && Object.keys(envs).length > 0 ? { envs } : {}),
    ...(strategy ? { strategy: strategyOf(strategy) } : {}),
  }
}

/** A strategy that it does not know is installOnly to a base. */
const strategyOf = (raw: string): 'installOnly' | 'uninstallThenInstall' =>
  raw === 'uninstallThenInstall' ? raw : 'installOnly'

function labelsOf(json: object): { readonly name: string; readonly version: string } {
  const read = z.object({ bizName: text.catch(''), bizVersion: text.catch('') }).parse(json)
  return { name: read.bizName ?? '', version: read.bizVersion ?? '' }
}

const NO_JSON = Symbol('no JSON')

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload))
  } catch {
    return NO_JSON
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const silence = (why: string): Received => ({ kind: 'silence', why })
