/** `/debug/state`: what we believe, what is under way, and why what was decided was decided. One line per fact. */
import type { BizKey, LinkState } from '../../mqtt-bridge/index.ts'
import type { LastPlans } from '../../reconcilers/loop/last-plans.ts'
import type { WorkQueue } from '../../reconcilers/loop/work-queue.ts'
import type { Store } from '../../reconcilers/ports.ts'
import type { BaseRecord } from '../../reconcilers/registry/base-record.ts'
import { asWord } from '../log/printable.ts'
import { asJson, type Page, plainText } from './server.ts'

export interface WatchedController {
  readonly name: string
  readonly queue: Pick<WorkQueue<string>, 'snapshot'>
  readonly plans: Pick<LastPlans<string>, 'entries'>
}

export interface DebugSources {
  readonly now: () => number
  readonly bases: () => readonly BaseRecord[]
  readonly link: () => LinkState
  readonly store: Pick<Store, 'synced' | 'freshAtMs'>
  readonly controllers: readonly WatchedController[]
}

type Value = string | number | boolean
export interface Fact {
  readonly kind: keyof typeof LEGEND
  /** Whom it is about: a base, or a controller and its key. */
  readonly of: string
  readonly [field: string]: Value
}

/** Times are seconds before now, or until then where the field says `in`. */
const LEGEND = {
  link: 'our connection to the broker: epoch counts connections, for: how long so',
  cache: 'what the API server told us: age since it last proved that current',
  base: 'a base: reach (heard, unproven, silent, dead) for how long and why, alive: last proof of life, look: last snapshot',
  biz: 'a module on that base: state, whose (claim podUid/container, foreign, or nobody known)',
  flight: 'a command that may be running there: sent how long ago, for which claim, overdue: past its deadline',
  doubt: 'a module that must be looked at anew before its absence counts',
  attempt: 'a claim whose install failed: how often, with which code, when it is next tried',
  plan: 'the last decision on a key: what, why, in which run (its id stands in the log), how long ago, how long it took',
  key: 'a key in a queue: when it is due, failures in a row',
} as const

export const debugPage =
  (sources: DebugSources): Page =>
  query => {
    const facts = factsOf(sources).filter(matching(query.get('match')))
    if (query.get('format') === 'json') return asJson(200, { legend: LEGEND, facts })
    const legend = Object.entries(LEGEND).map(([kind, text]) => `# ${kind.padEnd(7)} ${text}`)
    const hint = '# ?match=TEXT: only facts that contain it; ?format=json'
    return plainText(200, `${[...legend, hint, '', ...facts.map(lineOf)].join('\n')}\n`)
  }

const matching =
  (text: string | null) =>
  (fact: Fact): boolean =>
    text === null || lineOf(fact).includes(text)

function lineOf({ kind, of, ...fields }: Fact): string {
  const told = Object.entries(fields).map(([name, value]) => `${name}=${asWord(value)}`)
  return [kind.padEnd(7), of, ...told].filter(word => word !== '').join(' ')
}

export function factsOf({ now, bases, link, store, controllers }: DebugSources): readonly Fact[] {
  const nowMs = now()
  const { connected, epoch, sinceMs, why } = link()
  return [
    { kind: 'link', of: '', connected, epoch, for: ago(nowMs, sinceMs), why },
    { kind: 'cache', of: '', synced: store.synced, age: ago(nowMs, store.freshAtMs) },
    ...bases().flatMap(record => factsOfBase(record, nowMs)),
    ...controllers.flatMap(controller => factsOfController(controller, nowMs)),
  ]
}

const round = (ms: number): number => Math.round(ms) / 1_000
const ago = (nowMs: number, atMs: number | undefined): number | 'never' => (atMs ? round(nowMs - atMs) : 'never')

function factsOfBase(record: BaseRecord, nowMs: number): readonly Fact[] {
  const { id, reach, noCommands, snapshot, life, nodeName: node } = record
  const base: Fact = {
    kind: 'base',
    of: id,
    node,
    ip: record.address?.ip ?? 'unknown',
    reach: reach.held ? `${reach.state},held` : reach.state,
    for: ago(nowMs, reach.sinceMs),
    why: reach.why,
    alive: ago(nowMs, life.aliveAtMs),
    asked: ago(nowMs, life.askedAtMs),
    look: ago(nowMs, snapshot?.receivedAtMs),
    restarts: record.restarts,
    ...(noCommands && { noCommands: noCommands.reason, noCommandsWhy: noCommands.message }),
  }
  return [base, ...bizFacts(record), ...flightFacts(record, nowMs), ...failureFacts(record, nowMs)]
}

const bizFacts = (record: BaseRecord): readonly Fact[] =>
  [...record.bizs].map(([key, { state, reason }]) => ({
    kind: 'biz',
    of: record.id,
    biz: key,
    state,
    whose: whoseIs(record, key),
    ...(reason !== undefined && { reason }),
  }))

function whoseIs({ foreign, provenance }: BaseRecord, key: BizKey): string {
  return foreign?.has(key) ? 'foreign' : (provenance.get(key)?.claim ?? 'unknown')
}

function flightFacts({ id, flights, doubts }: BaseRecord, nowMs: number): readonly Fact[] {
  const flying = [...flights].map(([key, { command, claim, sentAtMs, overdue }]): Fact => {
    return { kind: 'flight', of: id, biz: key, command, sent: ago(nowMs, sentAtMs), claim: claim ?? 'none', overdue }
  })
  const doubted = [...doubts].map(([key, { raisedAtMs }]): Fact => {
    return { kind: 'doubt', of: id, biz: key, for: ago(nowMs, raisedAtMs) }
  })
  return [...flying, ...doubted]
}

const failureFacts = ({ id, attempts }: BaseRecord, nowMs: number): readonly Fact[] =>
  [...attempts].map(([claim, { failures, code, message, nextTryAtMs, final }]) => ({
    kind: 'attempt',
    of: id,
    claim,
    failures,
    code,
    message,
    nextIn: final ? 'never' : round(nextTryAtMs - nowMs),
  }))

function factsOfController({ name, queue, plans }: WatchedController, nowMs: number): readonly Fact[] {
  const decided = plans.entries().map(([key, { plan, why, run, atMs, tookMs }]): Fact => {
    return { kind: 'plan', of: `${name} ${key}`, plan, why, run, at: ago(nowMs, atMs), took: round(tookMs) }
  })
  const queued = queue.snapshot().map(({ key, state, dueAtMs, failures }): Fact => {
    return { kind: 'key', of: `${name} ${key}`, state, dueIn: round(dueAtMs - nowMs), failures }
  })
  return [...queued, ...decided]
}
