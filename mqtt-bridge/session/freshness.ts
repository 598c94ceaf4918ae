/** Which frames of a base are older than what it said before. Pure but for its bounded memory; time is handed in. */
import { LRUCache } from 'lru-cache'
import type { BaseId, Observation } from '../arklet/vocabulary.ts'

/** More than any delay on a clean session: such a distance is a clock that was set back. */
const CLOCK_STEP_MS = 10 * 60_000
/** So long must nothing but "old" frames have come before the clock is believed to have been set back by less. */
const DOUBT_MS = 5_000
const BASES_MAX = 10_000
const STREAMS_PER_BASE_MAX = 512

/** One ordered series of messages: frames of different streams overtake each other without harm. */
interface Stream {
  newestMs: number
  /** Refused since the last frame that was let in: the newest of them, and when (our clock) the first came. */
  doubt: { newestMs: number; readonly sinceMs: number } | undefined
}

/**
 * Publish times order the messages of one base; they are the base's clock, which may be set back (a new host, NTP) while the base
 * lives. Such a base must not be muted: that would look like death and cost it its Node and Pods. So an older frame is refused,
 * unless it is so much older that only a changed clock explains it, or for `DOUBT_MS` nothing but such frames came, each newer than
 * the one before. A queryBaseline (once per process) begins anew.
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
    if (!isClockSetBack(stream, published, nowMs)) return stream.newestMs - published
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
  if (stream.newestMs - published > CLOCK_STEP_MS) return true
  const { doubt } = stream
  if (!doubt) {
    stream.doubt = { newestMs: published, sinceMs: nowMs }
    return false
  }
  if (published <= doubt.newestMs) return false
  doubt.newestMs = published
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
