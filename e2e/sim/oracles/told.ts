/** What one base has told of its modules, by when it said so: an account of its own, simpler than that of the operator. */
import type { Frame } from '../network/connection.ts'

/** Of one biz, by the newest answer about it: `open` where only a look can tell. */
type Word = 'there' | 'gone' | 'open'

interface Answer {
  readonly atMs: number
  readonly word: Word
}

interface Said {
  readonly data?: unknown
  readonly publishTimestamp: number
}

interface Operation {
  readonly command?: string
  readonly bizName?: string
  readonly bizVersion?: string
  readonly response?: {
    readonly code?: string
    readonly data?: { readonly code?: string; readonly bizInfos?: readonly { readonly identity?: string }[] }
  }
}

interface Listed {
  readonly name?: string
  readonly version?: string
  readonly state?: string
}

export class Told {
  /** Of the newest look; undefined: there was none that counts. */
  #look: { readonly atMs: number; readonly states: ReadonlyMap<string, string> } | undefined
  #overAtMs = 0
  /** By biz name, and by name and version: answers that the newest look may not show. */
  readonly #answers = new Map<string, Map<string, Answer>>()

  /** Nothing counts any more, but for what is newer. */
  forget(): void {
    this.#overAtMs = this.#look?.atMs ?? this.#overAtMs
    this.#look = undefined
    this.#answers.clear()
  }

  /** Another process: it runs nothing that we know of. */
  began(atMs: number): void {
    this.#answers.clear()
    this.#look = { atMs, states: new Map() }
  }

  hears({ topic, payload }: Frame): void {
    const said = parsed(payload)
    if (!said) return
    if (topic.endsWith('/simpleBiz')) this.#looked(said)
    if (topic.endsWith('/bizOperation')) this.#answered(said)
    // Of somebody else's batch nobody knows what became of which module.
    if (topic.endsWith('/batchInstallBizResponse')) this.forget()
  }

  /** Where the operator is wrong about what it was told; `known`: the state of each biz, by name and version. */
  contradicts(known: ReadonlyMap<string, string>): string | undefined {
    const look = this.#look
    if (!look) return undefined
    const answered = [...this.#answers.values()].flatMap(answers => [...answers.keys()])
    for (const key of new Set([...look.states.keys(), ...known.keys(), ...answered])) {
      const answers = this.#answers.get(nameIn(key))
      const wrong = answers ? byAnswer(answers.get(key), known.has(key)) : byLook(look.states.get(key), known.get(key))
      if (wrong) return `${key} ${wrong}`
    }
    return undefined
  }

  #looked({ data, publishTimestamp: atMs }: Said): void {
    if (!Array.isArray(data) || atMs <= (this.#look?.atMs ?? this.#overAtMs)) return
    const bizs = data as readonly Listed[]
    this.#look = { atMs, states: new Map(bizs.map(({ name, version, state = '' }) => [`${name}:${version}`, state])) }
    for (const [name, answers] of this.#answers) {
      for (const [key, answer] of answers) if (answer.atMs < atMs) answers.delete(key)
      if (answers.size === 0) this.#answers.delete(name)
    }
  }

  #answered({ data, publishTimestamp: atMs }: Said): void {
    const operation = (data ?? {}) as Operation
    const lookedAtMs = this.#look?.atMs ?? 0
    if (isRepeated(operation) || atMs < lookedAtMs) return
    const key = `${operation.bizName}:${operation.bizVersion}`
    this.#keep(key, { atMs, word: atMs === lookedAtMs ? 'open' : wordOf(operation, key) })
  }

  #keep(key: string, answer: Answer): void {
    const answers = this.#answers.get(nameIn(key)) ?? new Map<string, Answer>()
    this.#answers.set(nameIn(key), answers)
    const before = answers.get(key)?.atMs ?? 0
    if (answer.atMs >= before) answers.set(key, answer.atMs === before ? { ...answer, word: 'open' } : answer)
  }
}

/** That it stood there already: what is known of it holds. */
const isRepeated = ({ response }: Operation): boolean => response?.data?.code === 'REPEAT_BIZ'

function parsed(payload: Uint8Array): Said | undefined {
  try {
    const said = JSON.parse(Buffer.from(payload).toString('utf8')) as Partial<Said>
    return said.publishTimestamp === undefined ? undefined : { ...said, publishTimestamp: said.publishTimestamp }
  } catch {
    return undefined
  }
}

function wordOf({ command, response }: Operation, key: string): Word {
  const { code, data } = response ?? {}
  // One that was not found is looked for: there may be a command that brings it.
  if (command === 'uninstallBiz') return code === 'SUCCESS' ? 'gone' : 'open'
  const named = data?.bizInfos ?? []
  return code === 'SUCCESS' && named.length === 1 && named[0]?.identity === key ? 'there' : 'open'
}

const nameIn = (key: string): string => key.slice(0, key.indexOf(':'))

function byAnswer(answer: Answer | undefined, isKnown: boolean): string | undefined {
  if (answer?.word === 'there' && !isKnown) return 'is held for absent, and the base has installed it since it looked'
  if (answer?.word === 'gone' && isKnown) return 'is held for present, and the base has removed it since it looked'
  return undefined
}

const byLook = (shown: string | undefined, known: string | undefined): string | undefined =>
  shown === known ? undefined : `is held for ${known ?? 'absent'}, and the newest look says ${shown ?? 'absent'}`
