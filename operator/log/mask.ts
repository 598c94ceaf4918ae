/** Nothing secret in any line: credentials of URLs, the values of secret options, fields that are named like secrets. */
import { redact } from '../../mqtt-bridge/index.ts'
import type { LogFields } from '../../reconcilers/ports.ts'

const MASK = '***'
const SECRET_NAME = /password|passwd|secret|token|authorization|credential|private.?key/i
const AUTHORIZATION = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g
/** Shorter ones would mask ordinary words. */
const SECRET_LENGTH_MIN = 4
const DEPTH_MAX = 4
const ITEMS_MAX = 50
const CHARS_MAX = 8_192

export class Mask {
  readonly #secrets: Iterable<string>

  /** `secrets`: texts never to be shown, wherever they turn up. What is added to them later counts too. */
  constructor(secrets: Iterable<string>) {
    this.#secrets = secrets
  }

  /** Cut last: half a URL would hide the "@" that says that what stands before it is a password. */
  text(raw: string): string {
    const masked = redact(raw).replace(AUTHORIZATION, `$1 ${MASK}`)
    const shown = this.#withoutSecrets(masked)
    return shown.length > CHARS_MAX ? `${shown.slice(0, CHARS_MAX)}…` : shown
  }

  #withoutSecrets(masked: string): string {
    let shown = masked
    for (const secret of this.#secrets) if (secret.length >= SECRET_LENGTH_MIN) shown = shown.replaceAll(secret, MASK)
    return shown
  }

  /** JSON-safe, bounded in depth and length: whatever is handed in, a line comes out. */
  fields(fields: LogFields): LogFields {
    return this.#entries(Object.entries(fields), 0)
  }

  #entries(entries: Iterable<readonly [unknown, unknown]>, depth: number): Record<string, unknown> {
    const shown: Record<string, unknown> = {}
    for (const [key, value] of first(entries)) {
      const name = String(key)
      shown[name] = SECRET_NAME.test(name) ? MASK : this.#value(value, depth)
    }
    return shown
  }

  #value(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        return this.text(value)
      case 'bigint':
      case 'symbol':
      case 'function':
        return this.text(String(value))
      case 'object':
        return value === null ? null : this.#object(value, depth)
      default:
        return value
    }
  }

  #object(value: object, depth: number): unknown {
    if (value instanceof Error) return this.text(value.stack ?? value.message)
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
    if (depth >= DEPTH_MAX) return '[…]'
    if (Array.isArray(value) || value instanceof Set) return first(value).map(item => this.#value(item, depth + 1))
    return this.#entries(value instanceof Map ? value : Object.entries(value), depth + 1)
  }
}

/** Reads no further than it must: a caller's list may be long. */
function first<T>(items: Iterable<T>): T[] {
  const taken: T[] = []
  for (const item of items) {
    if (taken.length >= ITEMS_MAX) break
    taken.push(item)
  }
  return taken
}
