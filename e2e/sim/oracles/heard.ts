/** What bases have said to the present operator, read from the wire and not from what the operator made of it. */
import type { Frame } from '../network/connection.ts'

export interface HeardBase {
  lastAtMs: number
  /** Publish time of the JVM's first word: the same again is that word delivered twice. */
  began: number
  /** When that word was heard. */
  begunAtMs: number
  /** The newest publish time heard. */
  newestAt: number
  /** Publish time of the last look. */
  listedAt: number
  /** The last look is older than the one before: it came late, or the clock was set back, and nobody knows which holds. */
  isDoubtful: boolean
  /** `name:version` that the last look lists, with their states; by arrival. */
  listed: ReadonlyMap<string, string> | undefined
  /** When each was last said to be active. */
  readonly activeAtMs: Map<string, number>
  /** Uninstalled or not found, by an answer since the last look. */
  readonly gone: Set<string>
}

const newHeardBase = (): HeardBase => ({
  lastAtMs: 0,
  began: 0,
  begunAtMs: 0,
  newestAt: 0,
  listedAt: 0,
  isDoubtful: false,
  listed: undefined,
  activeAtMs: new Map(),
  gone: new Set(),
})

interface Said {
  readonly data?: unknown
  readonly publishTimestamp: number
}

interface Listed {
  readonly name?: string
  readonly version?: string
  readonly state?: string
}

interface Answered {
  readonly command?: string
  readonly bizName?: string
  readonly bizVersion?: string
  readonly response?: { readonly code?: string; readonly data?: { readonly code?: string } }
}

export class Heard {
  readonly #bases = new Map<string, HeardBase>()

  of(identity: string): HeardBase | undefined {
    return this.#bases.get(identity)
  }

  /** A new operator knows nothing of what was said to the former. */
  forget(): void {
    this.#bases.clear()
  }

  #begins(identity: string, { publishTimestamp }: Said, nowMs: number): void {
    if (publishTimestamp === this.#bases.get(identity)?.began) return
    const said = { began: publishTimestamp, newestAt: publishTimestamp }
    this.#bases.set(identity, { ...newHeardBase(), ...said, lastAtMs: nowMs, begunAtMs: nowMs })
  }

  hears({ topic, payload }: Frame, nowMs: number): void {
    const [, identity = '', , verb = ''] = topic.split('/')
    const said = parse(payload)
    if (!said) return
    const base = this.#bases.get(identity) ?? newHeardBase()
    this.#bases.set(identity, base)
    base.lastAtMs = nowMs
    const isLate = isOvertaken(base, said)
    if (!isLate) base.newestAt = said.publishTimestamp
    if (verb === 'queryBaseline' && !isLate) this.#begins(identity, said, nowMs)
    if (verb === 'simpleBiz') looked(base, said, nowMs)
    if (verb === 'bizOperation') answered(base, said.data as Answered, nowMs)
  }
}

/** Less than this behind the newest, a word is late, for all that anybody can tell: or the clock was set back by as little. */
const CLOCK_STEP_MS = 60_000

const isOvertaken = ({ newestAt }: HeardBase, { publishTimestamp }: Said): boolean =>
  publishTimestamp <= newestAt && publishTimestamp > newestAt - CLOCK_STEP_MS

function parse(payload: Uint8Array): Said | undefined {
  try {
    const said = JSON.parse(Buffer.from(payload).toString('utf8')) as Partial<Said>
    return { ...said, publishTimestamp: said.publishTimestamp ?? 0 }
  } catch {
    return undefined
  }
}

function looked(base: HeardBase, { data, publishTimestamp }: Said, nowMs: number): void {
  base.isDoubtful = publishTimestamp <= base.listedAt
  base.listedAt = publishTimestamp
  listed(base, data as readonly Listed[], nowMs)
}

function listed(base: HeardBase, bizs: readonly Listed[], nowMs: number): void {
  const list = new Map(bizs.map(({ name, version, state = '' }) => [`${name}:${version}`, state]))
  for (const [key, state] of list) if (state === 'activated') base.activeAtMs.set(key, nowMs)
  base.listed = list
  base.gone.clear()
}

function answered(base: HeardBase, { command, bizName, bizVersion, response }: Answered, nowMs: number): void {
  const key = `${bizName}:${bizVersion}`
  if (command === 'installBiz' && response?.code === 'SUCCESS') {
    base.activeAtMs.set(key, nowMs)
    base.gone.delete(key)
  }
  if (command !== 'uninstallBiz') return
  if (response?.code === 'SUCCESS' || response?.data?.code === 'NOT_FOUND_BIZ') base.gone.add(key)
}
