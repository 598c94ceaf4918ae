/** The names that a replica bears. Pure. */
const SEPARATOR = '_'
const NAME_CHARS = 40

/** Unique to this life of the process: what holds of a former life of the same client does not hold of this one. */
export const holderOf = (client: string, life: string): string => `${client}${SEPARATOR}${life}`

/** The same for all lives of one client. */
export function clientOf(holder: string): string {
  const at = holder.lastIndexOf(SEPARATOR)
  return at < 0 ? holder : holder.slice(0, at)
}

/** Of its membership Lease: one per client, so that a new life replaces the one before it. */
export function memberName(env: string, client: string): string {
  const readable = `${env}-${client}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, NAME_CHARS)
  return `replica-${readable}-${hashOf(`${env}/${client}`).toString(16).padStart(8, '0')}`
}

/** FNV-1a, and then mixed: names that differ in one character lie far apart. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
