/** Takes from an answer what differs between two servers that do the same: identities, versions, times, names made up. */

const UID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g
/** What the server appends to a name that is only begun. */
const MADE_UP = /-[bcdfghjklmnpqrstvwxz2456789]{5}$/

/** Told by a real server of its own book-keeping; nobody reads it. */
const LEFT_OUT = new Set(['managedFields', 'remainingItemCount'])
const VERSIONS = new Set(['resourceVersion', 'continue'])

export class Normaliser {
  readonly #namespace: string
  readonly #uids = new Map<string, string>()

  constructor(namespace: string) {
    this.#namespace = namespace
  }

  text(text: string): string {
    return (
      text
        .replaceAll(this.#namespace, '{ns}')
        .replace(UID, uid => this.#uid(uid))
        .replace(/(resourceVersion|continue)=[^&]+/g, '$1=…')
        .replace(/too old resource version: \d+ \(\d+\)/, 'too old resource version: … (…)')
        .replace(/in record \(\d+\)/, 'in record (…)')
        // What a real server adds to a refusal, for people: the difference between two specs, the place in a text.
        .replace(/(pod updates may not change fields|the object provided is unrecognized).*/s, '$1 …')
        .replace(/(unable to parse requirement|continue key is not valid):.*/, '$1')
        .replace(/(cannot be handled as a \w+): (converting|no kind).*/s, '$1')
        .replace(
          TIME,
          (_time, fraction: string | undefined) => `{time${'0'.repeat(Math.max(0, (fraction?.length ?? 1) - 1))}}`,
        )
    )
  }

  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return this.#list(value)
    if (typeof value !== 'object' || value === null) return value
    const isMadeUp = 'generateName' in value || 'projected' in value || 'mountPath' in value
    const held = Object.entries(value)
      .filter(([field]) => !LEFT_OUT.has(field))
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(held.map(([field, part]) => [this.text(field), this.#field(field, part, isMadeUp)]))
  }

  /** A real server tells some refusals twice. */
  #list(list: readonly unknown[]): readonly unknown[] {
    const told = list.map(item => this.value(item))
    const isRefusal = told.every(item => typeof item === 'object' && item !== null && 'field' in item)
    return isRefusal ? [...new Map(told.map(item => [JSON.stringify(item), item])).values()] : told
  }

  #field(field: string, part: unknown, isMadeUp: boolean): unknown {
    if (VERSIONS.has(field) && typeof part === 'string') return part === '' ? '' : '…'
    if (field === 'name' && isMadeUp && typeof part === 'string') return this.text(part.replace(MADE_UP, '-*'))
    return this.value(part)
  }

  #uid(uid: string): string {
    const known = this.#uids.get(uid) ?? `{uid ${this.#uids.size + 1}}`
    this.#uids.set(uid, known)
    return known
  }
}
