/** Which Node stands for a base, and how any text becomes a label value. Pure. */
import { createHash } from 'node:crypto'
import type { BaseId } from '../mqtt-bridge/index.ts'
import { LABEL, type NodeName, nodeName } from './names.ts'
import type { BaseRecord } from './registry/base-record.ts'

export const NODE_NAME_FORMAT_DEFAULT = 'virtual-node-{identity}'

const LABEL_LENGTH_MAX = 63
const NAME_LENGTH_MAX = 253
const HASH_LENGTH = 8

/** RFC 1123 subdomain: what Kubernetes takes as a Node's name. */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

export const isNodeName = (raw: string): boolean => raw.length <= NAME_LENGTH_MAX && SUBDOMAIN.test(raw)
export const isLabelValue = (raw: string): boolean => raw.length <= LABEL_LENGTH_MAX && LABEL_VALUE.test(raw)

const hashOf = (raw: string): string => createHash('sha256').update(raw).digest('hex').slice(0, HASH_LENGTH)
const trimmed = (text: string): string => text.replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')

/** Lower-cased, foreign characters become `-`, cut to `room`, with a hash of the raw text: alike is not the same. */
function mangled(raw: string, room: number, foreign: RegExp): string {
  const clean = raw.toLowerCase().replace(foreign, '-')
  // A dot in a name parts labels, each of which begins and ends with a letter or digit.
  const readable = trimmed(trimmed(clean.replace(/[-.]*\.[-.]*/g, '.')).slice(0, room - HASH_LENGTH - 1))
  return readable === '' ? hashOf(raw) : `${readable}-${hashOf(raw)}`
}

/** A value that every label may hold: the text itself where it may, else mangled as a Node's name is. */
export const labelValue = (raw: string): string =>
  isLabelValue(raw) ? raw : mangled(raw, LABEL_LENGTH_MAX, /[^a-z0-9._-]/g)

/** Those that follow what the base tells of itself. */
export const BASE_LABELS: readonly string[] = [
  LABEL.name,
  LABEL.version,
  LABEL.clusterName,
  LABEL.hostName,
  LABEL.ip,
  LABEL.tunnelPort,
]

/** An empty value would be a label all the same, and select wrongly. */
export const knownLabels = (labels: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(labels).flatMap(([key, raw]) => (raw === undefined || raw === '' ? [] : [[key, labelValue(raw)]])),
  )

export const baseLabels = ({ metadata, address }: Pick<BaseRecord, 'metadata' | 'address'>) =>
  knownLabels({
    [LABEL.name]: metadata.name,
    [LABEL.version]: metadata.version,
    [LABEL.clusterName]: metadata.clusterName,
    [LABEL.hostName]: address?.hostName,
    [LABEL.ip]: address?.ip,
    [LABEL.tunnelPort]: address?.port ? String(address.port) : undefined,
  })

const fill = (format: string, identity: string, env: string): string =>
  format.replace(/\{(identity|env)\}/g, (_whole, field) => (field === 'identity' ? identity : env))

/** What is wrong with a NODE_NAME_FORMAT, or undefined. */
export function nodeNameFormatFault(format: string): string | undefined {
  // Without the identity all bases would share one Node.
  if (format.split('{identity}').length !== 2) return 'must contain {identity} once'
  const unknown = /\{(?!identity\}|env\})[^}]*\}/.exec(format)
  if (unknown) return `has the unknown placeholder ${unknown[0]}: {identity} and {env} are known`
  const sample = fill(format, 'a', 'a')
  if (sample.length > LABEL_LENGTH_MAX) return `leaves too little room: at most ${LABEL_LENGTH_MAX} characters`
  return isNodeName(sample) ? undefined : 'does not make a DNS-1123 name (lower-case letters, digits, - and .)'
}

export type NodeNameOf = (id: BaseId) => NodeName

/**
 * The naming rule of one operator. An identity that is a DNS-1123 name stands in the name as it is. Two identities that
 * do not are told apart by their hashes; that a third is spelled like a mangled one is settled where the Node is created:
 * a Node of another identity is never taken.
 * @throws RangeError on a format that `nodeNameFormatFault` finds fault with.
 */
export function nodeNaming(format: string, env: string): NodeNameOf {
  const fault = nodeNameFormatFault(format)
  if (fault !== undefined) throw new RangeError(`node name format ${fault}`)
  const envPart =
    isNodeName(env) && env.length <= LABEL_LENGTH_MAX ? env : mangled(env, LABEL_LENGTH_MAX, /[^a-z0-9.-]/g)
  const room = NAME_LENGTH_MAX - fill(format, '', envPart).length
  return id => {
    const plain = fill(format, id, envPart)
    return nodeName(
      isNodeName(id) && isNodeName(plain) ? plain : fill(format, mangled(id, room, /[^a-z0-9.-]/g), envPart),
    )
  }
}
