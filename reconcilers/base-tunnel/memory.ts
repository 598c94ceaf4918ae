/** The dead bases that are remembered beyond a restart of ours, in one ConfigMap. Pure. */
import type { V1ConfigMap } from '@kubernetes/client-node'
import { z } from 'zod'
import { type BaseId, type BizKey, baseId, readAddress } from '../../mqtt-bridge/index.ts'
import type { NodeName } from '../names.ts'
import type { BaseAddress, BaseRecord } from '../registry/base-record.ts'
import { newRecord } from '../registry/new-record.ts'

export const MEMORY_NAME = 'koupleless-module-controller-memory'
const MEMORY_KEY = 'bases.json'
/** A ConfigMap holds a mebibyte; half leaves room for what the API server adds. */
const BYTES_MAX = 512 * 1024

const metadataShape = z.object({ name: z.string(), version: z.string(), clusterName: z.string() })
const addressShape = z.object({ ip: z.string().min(1).optional(), hostName: z.string(), port: z.number() })
const entryShape = z.object({
  identity: z.string().min(1),
  diedAtMs: z.number(),
  aliveAtMs: z.number(),
  why: z.string(),
  foreign: z.array(z.string()).optional(),
  metadata: metadataShape,
  /** Only a heart tells it, and the heart of one that returns may have stopped. */
  address: addressShape.optional(),
})
type Entry = z.infer<typeof entryShape>

const entryOf = ({ id, reach, life, foreign, metadata, address }: BaseRecord): Entry => ({
  identity: id,
  diedAtMs: reach.sinceMs,
  aliveAtMs: life.aliveAtMs,
  why: reach.why,
  metadata,
  ...(foreign && { foreign: [...foreign] }),
  ...(address && { address }),
})

/** The youngest first; those that do not fit are forgotten. */
export function memoryOf(records: readonly BaseRecord[], rememberedMax: number): V1ConfigMap {
  const dead = records.filter(({ reach }) => reach.state === 'dead').map(entryOf)
  const kept: string[] = []
  let bytes = 0
  for (const entry of dead.sort((a, b) => b.diedAtMs - a.diedAtMs).slice(0, rememberedMax)) {
    const text = JSON.stringify(entry)
    bytes += Buffer.byteLength(text) + 2
    if (bytes > BYTES_MAX) break
    kept.push(text)
  }
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: MEMORY_NAME },
    data: { [MEMORY_KEY]: `[${kept.join(',\n')}]` },
  }
}

function entriesOf(memory: V1ConfigMap | undefined): readonly Entry[] {
  try {
    const parsed = z.array(z.unknown()).safeParse(JSON.parse(memory?.data?.[MEMORY_KEY] ?? '[]'))
    return (parsed.data ?? []).flatMap(raw => entryShape.safeParse(raw).data ?? [])
  } catch {
    return [] // a hand edit: as if nothing were remembered
  }
}

/** What is remembered, as dead bases that may yet return. */
export function remembered(
  memory: V1ConfigMap | undefined,
  { nodeNameOf, rememberMs, nowMs }: { nodeNameOf: (id: BaseId) => NodeName; rememberMs: number; nowMs: number },
): readonly BaseRecord[] {
  return (
    entriesOf(memory)
      .filter(({ diedAtMs }) => nowMs - diedAtMs < rememberMs)
      // Our clock may have been set back since.
      .map(entry => recordOf({ ...entry, diedAtMs: Math.min(entry.diedAtMs, nowMs) }, nodeNameOf))
  )
}

/** What an earlier version wrote may be one that nobody can use. */
const addressOf = ({ ip, hostName, port }: NonNullable<Entry['address']>): BaseAddress => ({
  ...(ip !== undefined && readAddress(ip)),
  hostName,
  port,
})

function recordOf(
  { identity, diedAtMs, aliveAtMs, why, foreign, metadata, address }: Entry,
  nodeNameOf: (id: BaseId) => NodeName,
) {
  const id = baseId(identity)
  const blank = newRecord({ id, nodeName: nodeNameOf(id), metadata, nowMs: diedAtMs })
  const record: BaseRecord = {
    ...blank,
    reach: { state: 'dead', sinceMs: diedAtMs, why },
    // No command went to it after that: see `foreign.ts`.
    servedUntilMs: aliveAtMs,
    basePodSettled: true,
    ...(foreign && { foreign: new Set(foreign as BizKey[]) }),
    ...(address && { address: addressOf(address) }),
  }
  return record
}
