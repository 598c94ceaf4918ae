/** A short name for a template: the same for the same template, on any machine. */

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/** FNV-1a of its JSON, in the letters that Kubernetes makes names of. */
export function hashOf(value: unknown): string {
  let hash = 0x811c9dc5
  for (const char of JSON.stringify(value) ?? '') hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0
  let name = ''
  for (let rest = hash; rest > 0; rest = Math.floor(rest / LETTERS.length)) name += LETTERS[rest % LETTERS.length]
  return name
}
