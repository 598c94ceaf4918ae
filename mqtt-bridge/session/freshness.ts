/** Which frames of a base are older than what it said before. Pure but for its bounded memory; time is handed in. */
import { LRUCache } from 'lru-cache'
import type { BaseId, Observation } from '../arklet/vocabulary.ts'

/** More than any delay on a clean session: handed on, for the caller to judge by what it asked, and no word on the order. */
const STRAY_MS = 10 * 60_000
/** So long must nothing but "old" frames have come before the clock is believed to have been set back by less. */
const DOUBT_MS = 5_000
/** Between two frames the clocks of base and operator go on alike, but for the ways of the frames. */
const PACE_MS = 60_000
const BASES_MAX = 10_000
const STREAMS_PER_BASE_MAX = 512

/** One ordered series of messages: frames of different streams overtake each other without harm. */
interface Stream {
  newestMs: number
  /** Older ones since the last in order: the newest of them, and when (our clock) the first and that one came. */
  doubt: { newestMs: number; readonly sinceMs: number; heardAtMs: number } | undefined
}

/**
 * Publish times order the messages of one base; they are the base's clock, which may be set back (a new host, NTP) while the base
 * lives. Such a base must not be muted: that would look like death and cost it its Node and Pods. So an older frame is refused,
 * unless for `DOUBT_MS` nothing but such frames came, each newer than the one before: then its order begins anew, as it does with a
 * queryBaseline (once per process). What no delay explains is let in, and proves nothing of the clock: anybody may write any time.
 */
export class Freshness {
  readonly #bases = new LRUCache<BaseId, Map<string, Stream>>({ max: BASES_MAX })

  /** Undefined when the frame may pass; else by how many milliseconds it is too old. */
  ageOf(observation: Observation, nowMs: number): number | undefined {
    if (observation.kind === 'queryBaseline') {
      this.#bases.delete(observation.base)
      return undefined
    }
    const streams = this.#streamsOf(observation.base)
    const key = streamOf(observation)
    const stream = streams.get(key)
    const published = observation.publishedAtMs
    if (!stream || published >= stream.newestMs) {
      remember(streams, key, published)
      return undefined
    }
    const ageMs = stream.newestMs - published
    if (!isClockSetBack(stream, published, nowMs)) return ageMs > STRAY_MS ? undefined : ageMs
    streams.clear()
    remember(streams, key, published)
    return undefined
  }

  #streamsOf(base: BaseId): Map<string, Stream> {
    const known = this.#bases.get(base)
    if (known) return known
    const streams = new Map<string, Stream>()
    this.#bases.set(base, streams)
    return streams
  }
}

function isClockSetBack(stream: Stream, published: number, nowMs: number): boolean {
  const { doubt } = stream
  if (!doubt) {
    stream.doubt = { newestMs: published, sinceMs: nowMs, heardAtMs: nowMs }
    return false
  }
  if (published <= doubt.newestMs) return false
  if (published - doubt.newestMs > nowMs - doubt.heardAtMs + PACE_MS) {
    stream.doubt = { newestMs: published, sinceMs: nowMs, heardAtMs: nowMs }
    return false
  }
  doubt.newestMs = published
  doubt.heardAtMs = nowMs
  return nowMs - doubt.sinceMs >= DOUBT_MS
}

function remember(streams: Map<string, Stream>, key: string, newestMs: number): void {
  streams.delete(key)
  streams.set(key, { newestMs, doubt: undefined })
  if (streams.size <= STREAMS_PER_BASE_MAX) return
  for (const oldest of streams.keys()) {
    streams.delete(oldest)
    return
  }
}

/**
 * Answers come from five threads, so only answers to the same command are in order, and a conflict's least of all. Hearts are told
 * apart by who they say beats: two bases under one identity, with clocks that differ, must both be heard to be found out.
 */
function streamOf(observation: Exclude<Observation, { kind: 'queryBaseline' }>): string {
  switch (observation.kind) {
    case 'heart': {
      const { metadata, ip, unusableIp, hostName, port } = observation
      return ['heart', metadata.name, metadata.version, metadata.clusterName, ip ?? unusableIp, hostName, port].join(
        '\n',
      )
    }
    case 'answer': {
      const { command, name, version, outcome } = observation
      return [command, name, version, outcome.kind === 'conflict'].join('\n')
    }
    case 'health':
    case 'snapshot':
    case 'batchAnswer':
      return observation.kind
  }
}
