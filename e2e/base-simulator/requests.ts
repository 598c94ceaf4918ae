/** Commands as Arklet reads them: through fastjson, which forgives much and says nothing about the rest. */
export interface BizRequest {
  readonly name?: string
  readonly version?: string
  readonly url?: string
  readonly args: readonly string[]
  readonly envs: Readonly<Record<string, string>>
  readonly strategy: 'installOnly' | 'uninstallThenInstall'
  readonly async: boolean
  readonly requestId?: string
  /** False where fastjson cannot map it: Arklet then trips over its own null. */
  readonly mappable: boolean
}

type Json = Record<string, unknown>

/** What a payload is to the parser: `nothing` is a payload of no bytes, `broken` ends in the base's log and nowhere else. */
export type Parsed<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'broken' }

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function parse(payload: Uint8Array): Parsed<unknown> {
  const text = Buffer.from(payload).toString('utf8')
  if (text.trim() === '') return { kind: 'nothing' }
  try {
    return { kind: 'ok', value: JSON.parse(text) }
  } catch {
    return { kind: 'broken' }
  }
}

export function parseObject(payload: Uint8Array): Parsed<Json> {
  const parsed = parse(payload)
  if (parsed.kind !== 'ok') return parsed
  return isObject(parsed.value) ? { kind: 'ok', value: parsed.value } : { kind: 'broken' }
}

export function parseArray(payload: Uint8Array): Parsed<readonly Json[]> {
  const parsed = parse(payload)
  if (parsed.kind !== 'ok') return parsed
  const { value } = parsed
  return Array.isArray(value) && value.every(isObject) ? { kind: 'ok', value } : { kind: 'broken' }
}

export const textOf = (value: unknown): string | undefined => {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function bizRequest(json: Json): BizRequest {
  const { args, envs } = json
  return {
    ...optional('name', textOf(json.bizName)),
    ...optional('version', textOf(json.bizVersion)),
    ...optional('url', textOf(json.bizUrl)),
    ...optional('requestId', textOf(json.requestId)),
    args: Array.isArray(args) ? args.map(arg => textOf(arg) ?? '') : [],
    envs: isObject(envs) ? Object.fromEntries(Object.entries(envs).map(([k, v]) => [k, textOf(v) ?? ''])) : {},
    strategy: json.installStrategy === 'uninstallThenInstall' ? 'uninstallThenInstall' : 'installOnly',
    async: json.async === true,
    mappable: (absent(args) || Array.isArray(args)) && (absent(envs) || isObject(envs)),
  }
}

const absent = (value: unknown): boolean => value === undefined || value === null

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: string })
}

const blank = (value: string | undefined): boolean => !value || value.trim() === ''

/** What Arklet's validation says of it, in Arklet's order. Undefined: nothing. */
export function installFault(request: BizRequest): string | undefined {
  if (request.async && blank(request.requestId)) return 'requestId should not be blank when async is true'
  if (blank(request.url)) return 'bizUrl should not be blank'
  if (blank(request.name) !== blank(request.version)) {
    return 'bizName and bizVersion should be both blank or both not blank.'
  }
  return undefined
}

export function uninstallFault(request: BizRequest): string | undefined {
  if (request.async && blank(request.requestId)) return 'requestId should not be blank when async is true'
  if (blank(request.name)) return 'bizName should not be blank'
  return blank(request.version) ? 'bizVersion should not be blank' : undefined
}
