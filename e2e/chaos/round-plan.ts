/** Which faults befall a round, when and for how long: drawn from a seed, so that a round can be had again. Pure. */
import type { SeededRng } from '../sim/rng.ts'
import type { Trouble } from './proxy.ts'

export type Link =
  | { readonly kind: 'operator to broker'; readonly operator: number }
  | { readonly kind: 'operator to API server'; readonly operator: number }
  /** Some of the bases, all on one cable. */
  | { readonly kind: 'rack to broker'; readonly rack: number }

export type Fault =
  | { readonly kind: 'broker killed' }
  | { readonly kind: 'API server killed' }
  /** kill -9; begun again when the fault is over. */
  | { readonly kind: 'operator killed'; readonly operator: number }
  /** SIGSTOP, SIGCONT. */
  | { readonly kind: 'operator frozen'; readonly operator: number }
  | { readonly kind: 'link troubled'; readonly link: Link; readonly trouble: Trouble }

export interface PlannedFault {
  readonly fault: Fault
  readonly atMs: number
  readonly forMs: number
}

export interface RoundOptions {
  /** From the first fault to healing. */
  readonly forMs: number
  readonly racks: number
  readonly operators: number
}

const KINDS = [
  'broker',
  'API server',
  'killed',
  'frozen',
  'operator to broker',
  'operator to API server',
  'rack',
] as const
type Kind = (typeof KINDS)[number]

/** A real base waits twice as long with each try: one cut off for 8 s is back within 15. */
const AWAY_MAX_MS = 8_000
const FROZEN_MAX_MS = 20_000
const EVERY_MIN_MS = 1_000
const EVERY_MAX_MS = 5_000

/** What is struck: nothing is struck twice at once. */
export function targetOf(fault: Fault): string {
  switch (fault.kind) {
    case 'broker killed':
      return 'broker'
    case 'API server killed':
      return 'API server'
    case 'operator killed':
    case 'operator frozen':
      return `operator ${fault.operator}`
    case 'link troubled':
      return linkName(fault.link)
  }
}

export const linkName = (link: Link): string =>
  link.kind === 'rack to broker'
    ? `rack ${link.rack} to broker`
    : link.kind.replace('operator', `operator ${link.operator}`)

export function faultText(fault: Fault): string {
  if (fault.kind !== 'link troubled')
    return fault.kind.endsWith('killed') ? `${targetOf(fault)} killed` : `${targetOf(fault)} frozen`
  return `${targetOf(fault)}: ${troubleText(fault.trouble)}`
}

function troubleText(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'delay':
      return `${trouble.delayMs} ms each way`
    case 'throttle':
      return `${Math.round(trouble.bytesPerSecond / 1_000)} kB/s`
    case 'garble':
      return `one bit in ${trouble.everyBytes} bytes garbled`
    default:
      return trouble.kind
  }
}

/** The mix is drawn first, so that a round leans on some kinds and is free of others. */
export function planRound(rng: SeededRng, options: RoundOptions): readonly PlannedFault[] {
  const mix = rng.fork('mix')
  const kinds = KINDS.flatMap(kind => Array.from({ length: mix.integer(0, 3) }, () => kind))
  const draw = rng.fork('faults')
  const busyUntilMs = new Map<string, number>()
  const planned: PlannedFault[] = []
  for (let atMs = 0; atMs < options.forMs; atMs += Math.round(draw.between(EVERY_MIN_MS, EVERY_MAX_MS))) {
    const fault = drawFault(draw, kinds.length > 0 ? kinds : KINDS, options)
    const max = fault.kind === 'operator frozen' ? FROZEN_MAX_MS : AWAY_MAX_MS
    const forMs = Math.min(options.forMs - atMs, Math.round(draw.skewed(300, max)))
    if ((busyUntilMs.get(targetOf(fault)) ?? 0) > atMs) continue
    // A moment between two: what has just begun to come back may do so.
    busyUntilMs.set(targetOf(fault), atMs + forMs + EVERY_MIN_MS)
    planned.push({ fault, atMs, forMs })
  }
  return planned
}

function drawFault(rng: SeededRng, kinds: readonly Kind[], { racks, operators }: RoundOptions): Fault {
  const kind = rng.pick(kinds) ?? 'broker'
  const operator = rng.integer(1, operators)
  switch (kind) {
    case 'broker':
      return { kind: 'broker killed' }
    case 'API server':
      return { kind: 'API server killed' }
    case 'killed':
      return { kind: 'operator killed', operator }
    case 'frozen':
      return { kind: 'operator frozen', operator }
    case 'rack':
      return trouble(rng, { kind: 'rack to broker', rack: rng.integer(1, racks) }, 1)
    case 'operator to broker':
      return trouble(rng, { kind, operator }, 4)
    case 'operator to API server':
      // It carries lists of all that there is.
      return trouble(rng, { kind, operator }, 20)
  }
}

function trouble(rng: SeededRng, link: Link, breadth: number): Fault {
  const kinds: readonly [Trouble, ...Trouble[]] = [
    { kind: 'cut' },
    { kind: 'black hole' },
    { kind: 'delay', delayMs: rng.integer(20, 400) },
    { kind: 'throttle', bytesPerSecond: breadth * rng.integer(2_000, 10_000) },
    { kind: 'garble', everyBytes: breadth * rng.integer(500, 5_000) },
  ]
  return { kind: 'link troubled', link, trouble: rng.pick(kinds) }
}
