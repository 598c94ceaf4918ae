/** Topics and payloads: from the broker through the bridge and into the registry, and what is planned from that. */
import fc from 'fast-check'
import { ARKLET_ERROR_CODES, openBridge, type Transport, type TransportEvents } from '../../../mqtt-bridge/index.ts'
import { Hearing } from '../../../operator/hearing.ts'
import { PARTS } from '../../../reconcilers/base-tunnel/plan.ts'
import { nodeNaming } from '../../../reconcilers/node-identity.ts'
import { alone } from '../../../reconcilers/ownership.ts'
import { BaseRegistry } from '../../../reconcilers/registry/base-registry.ts'
import { type Captured, captured } from '../captured.ts'
import { type Bytes, bytesOf, type Door, must, type OpenDoor } from '../door.ts'
import { type Json, payload, word } from '../hostile.ts'
import { Notes } from '../notes.ts'
import { planFaults } from '../plans.ts'
import { isTrueObservation } from '../true-observation.ts'

interface FrameInput {
  readonly topic: string
  readonly payload: Bytes
  readonly retained: boolean
  /** Our clock moves on by so much before it. */
  readonly afterMs: number
}
type Input = readonly FrameInput[]

const ROOT = 'koupleless_dev'
const NOW_MS = Date.parse('2026-03-01T12:00:00Z')
const isReadable = ({ payload: text }: Captured): boolean => text.startsWith('{')
const MESSAGES = captured().filter(isReadable)
const VERBS = [...new Set(MESSAGES.map(({ topic }) => topic.split('/').at(-1) ?? ''))]

const topicFor = (verb: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constant(`${ROOT}/b1/base/${verb}`) },
    { weight: 2, arbitrary: word.map(identity => `${ROOT}/${identity}/base/${verb}`) },
    { weight: 1, arbitrary: fc.array(word, { maxLength: 6 }).map(levels => levels.join('/')) },
    { weight: 1, arbitrary: word.map(other => `${ROOT}/b1/base/${other}`) },
  )

const frameOf = (verb: string): fc.Arbitrary<FrameInput> => {
  const seeds = MESSAGES.filter(({ topic }) => topic.endsWith(`/${verb}`)).map(one => JSON.parse(one.payload) as Json)
  return fc.record({
    topic: topicFor(verb),
    payload: payload(seeds),
    retained: fc.integer({ min: 0, max: 9 }).map(chance => chance === 0),
    afterMs: fc.constantFrom(0, 1, 1_000, 60_000),
  })
}

class Knocked implements OpenDoor<Input> {
  async knock(input: Input): Promise<readonly string[]> {
    const notes = new Notes()
    let nowMs = NOW_MS
    const clock = { now: () => nowMs }
    const nodeNameOf = nodeNaming('virtual-node-{identity}', 'dev')
    const registry = new BaseRegistry({
      nodeNameOf,
      rng: { next: () => 0.5 },
      maxBases: 100,
      newcomers: { tryTake: () => true },
    })
    const hearing = new Hearing({
      ...notes.ports,
      registry,
      ownership: alone('fuzz'),
      nodeNameOf,
      clock,
      onLink: () => undefined,
    })
    const wire = aWire()
    openBridge({
      env: 'dev',
      transport: wire.transport,
      now: clock.now,
      onObservation: heard => {
        must(isTrueObservation(heard), 'what is let in has the types that it says', heard)
        hearing.observation(heard)
      },
      onRefused: refusal => {
        must((ARKLET_ERROR_CODES as readonly string[]).includes(refusal.code), 'a refusal has a code', refusal)
        hearing.refusal(refusal)
      },
      onLink: link => hearing.link(link),
    })
    wire.events.onUp()
    const outcomes = input.map(frame => {
      nowMs += frame.afterMs
      const counted = notes.counted.length
      wire.events.onFrame({ topic: frame.topic, payload: bytesOf(frame.payload), retained: frame.retained })
      const [count = '', ...more] = notes.counted.slice(counted)
      must(count !== '' && more.length === 0, 'each message is counted once', count, more)
      must(!count.includes('OBSERVER_FAILED'), 'whoever takes a message does not throw', notes.lastRefusal)
      return count.replace(/^.*_refused_total /, '').replace(/^koupleless_frames_total .*/, 'accepted')
    })
    this.#goodGetsThrough(registry, wire.events)
    for (const record of registry.list())
      for (const fault of planFaults(record, registry.link, nowMs, PARTS)) must(false, fault)
    for (const fault of notes.faults()) must(false, fault)
    return outcomes
  }

  #goodGetsThrough(registry: BaseRegistry, events: TransportEvents): void {
    const before = registry.size
    const heart = MESSAGES.find(({ topic }) => topic.endsWith('/heart'))?.payload ?? ''
    const text = heart.replaceAll('"b1"', '"good"')
    events.onFrame({ topic: `${ROOT}/good/base/heart`, payload: Buffer.from(text), retained: false })
    must(registry.size === before + 1, 'the next good message gets through')
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function aWire(): { readonly transport: Transport; readonly events: TransportEvents } {
  const at: { events: TransportEvents | undefined } = { events: undefined }
  const transport: Transport = {
    start: (_topics, events) => {
      at.events = events
    },
    publish: async () => undefined,
    findRetained: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }
  return {
    transport,
    get events() {
      must(at.events !== undefined, 'the bridge starts its transport')
      return at.events
    },
  }
}

export const MQTT: Door<Input> = {
  name: 'mqtt',
  what: 'topics and payloads of bases',
  runsInTest: 120,
  cpuMsMax: 2_000,
  inputs: fc.array(fc.constantFrom(...VERBS).chain(frameOf), { minLength: 1, maxLength: 8 }),
  open: async () => new Knocked(),
}
