/** Faults that somebody may well make, most of them made by somebody: the simulation must see each. */
import { CLUSTER, PODS_SHOWN } from './list-shown.ts'
import { WEB } from './list-web.ts'
import type { Mutant } from './mutant.ts'
import { mutant, PODS, REGISTRY, TUNNEL } from './planting.ts'

/** What a base says, and what is believed of it. */
const HEARING: readonly Mutant[] = [
  mutant(
    'a conflict clears the flight',
    `${REGISTRY}/observe-answer.ts`,
    'if (ours && (ours.command !== answer.command || ours.command === running)) return unchanged(heard)',
    "if (ours) return changed({ ...heard, flights: without(heard.flights, key) }, 'bizs')",
  ),
  mutant(
    'absence is believed from a look older than the answer',
    `${REGISTRY}/observe-snapshot.ts`,
    'doubt.sincePublishedAtMs >= publishedAtMs)',
    'doubt.sincePublishedAtMs > publishedAtMs + 1e15)',
  ),
  mutant(
    'an answer raises no doubt',
    `${REGISTRY}/observe-answer.ts`,
    'const doubtful = doubt(landed, key, raised)\n',
    'const doubtful = raised ? landed : landed\n',
  ),
  mutant(
    'a restarted JVM is believed to run what the former one ran',
    `${REGISTRY}/detect-restart.ts`,
    '      bizs: new Map(),\n      flights: new Map(),',
    '      flights: new Map(),',
  ),
  mutant(
    'a restart leaves flights standing',
    `${REGISTRY}/detect-restart.ts`,
    '      flights: new Map(),\n      doubts: new Map(),',
    '      doubts: new Map(),',
  ),
  mutant(
    'the clock of the base is trusted',
    `${REGISTRY}/observe-life.ts`,
    '...(alive && { aliveAtMs: nowMs })',
    '...(alive && { aliveAtMs: observation.publishedAtMs })',
  ),
  mutant(
    'what a base says is compared by the second of the minute',
    `${REGISTRY}/freshness.ts`,
    "if (last === undefined || publishedAtMs > last) return 'new'",
    "if (last === undefined || Math.floor(publishedAtMs / 1_000) % 60 > Math.floor(last / 1_000) % 60) return 'new'",
  ),
  mutant(
    'an unanswered uninstall is waited for until the base restarts',
    `${REGISTRY}/end-flights.ts`,
    'const UNTOUCHED_MS = 10_000',
    'const UNTOUCHED_MS = 1e12',
  ),
  mutant(
    'REPEAT_BIZ is taken for success',
    `${REGISTRY}/observe-answer.ts`,
    "return expecting(record, facts, 'REPEAT_BIZ')",
    `const { name, version } = facts.answer
      return installed(record, facts, { kind: 'installed', bizs: [{ name, version, state: 'activated' }] } as never, before)`,
  ),
]

/** What is sent to bases. */
const COMMANDS: readonly Mutant[] = [
  mutant(
    'commands are retained',
    'mqtt-bridge/session/bridge.ts',
    'await this.#options.transport.publish(topic, payload)',
    'await this.#options.transport.publish(topic, payload, { retain: true })',
  ),
  mutant(
    'the oldest claim wins',
    'reconcilers/claims.ts',
    'return b.createdAtMs - a.createdAtMs',
    'return a.createdAtMs - b.createdAtMs',
  ),
  mutant(
    'more than three commands at a time',
    `${PODS}/base-plan.ts`,
    'export const FLIGHTS_MAX = 3\nexport const INSTALL_FLIGHTS_MAX = 2',
    'export const FLIGHTS_MAX = 30\nexport const INSTALL_FLIGHTS_MAX = 20',
  ),
  mutant(
    'a command in flight is sent again',
    `${PODS}/module-plan.ts`,
    'return planResend(facts, claim) ?? waitWhileBusy(facts.record, claim) ?? planFrom',
    'return planFrom',
  ),
  mutant(
    'the former version stays',
    `${PODS}/module-plan.ts`,
    'const cleaned = planCleanup(facts, winner)',
    'const cleaned = planCleanup(facts, winner) && undefined',
  ),
  mutant(
    'a proved version is never switched to',
    `${PODS}/module-plan.ts`,
    "if (biz.reason === 'KILLING') return wait('the base is stopping it')",
    "return wait('the base is stopping it')",
  ),
  mutant('an edited image is not rolled out', 'reconcilers/claims.ts', 'a.url === b.url && ', ''),
  mutant(
    'args are not sent',
    `${PODS}/base-plan.ts`,
    '...(args.length > 0 ? { args } : {}),',
    '...(args.length > 9 ? { args } : {}),',
  ),
  mutant(
    'an unanswered install is never sent again',
    `${PODS}/resend.ts`,
    "if (command !== 'installBiz') return undefined",
    "if (command !== 'installBiz' || sentAtMs > 0) return undefined",
  ),
  mutant(
    'an unanswered install that nobody wants is never asked after',
    `${PODS}/base-plan.ts`,
    'send: admit(record, [...intruders(record, claims), ...due, ...wanted])',
    'send: admit(record, [...intruders(record, claims), ...wanted])',
  ),
  mutant(
    'a failed install is never tried again',
    `${REGISTRY}/attempts.ts`,
    'nextTryAtMs: moment.nowMs + backoffMs(failures, moment.jitter)',
    'nextTryAtMs: moment.nowMs + 1e12 + backoffMs(failures, moment.jitter)',
  ),
  mutant(
    'a failed install is tried again at once',
    `${REGISTRY}/attempts.ts`,
    'const FIRST_MS = 10_000',
    'const FIRST_MS = 10',
  ),
  mutant(
    'the peer’s leftovers are not cleared',
    'mqtt-bridge/session/leftovers.ts',
    'clears.push(this.#clearOne(search, topic))',
    '',
  ),
]

/** What nobody claims, and what is not ours. */
const FOREIGN: readonly Mutant[] = [
  mutant('the sweep removes foreign modules', `${TUNNEL}/sweep.ts`, 'record.foreign?.has(key) || ', ''),
  mutant(
    'there is no sweep',
    `${TUNNEL}/sweep.ts`,
    "record.unclaimed.size === 0 || record.reach.state !== 'heard'",
    "record.unclaimed.size >= 0 || record.reach.state !== 'heard'",
  ),
  mutant(
    'what a conflict told of is taken for ours',
    `${TUNNEL}/foreign.ts`,
    "command === 'installBiz' && claim !== undefined)",
    "command === 'installBiz' && (claim ?? true))",
  ),
  mutant(
    'what came unseen with a young JVM is taken for ours',
    `${TUNNEL}/foreign.ts`,
    'return present.filter(key => cameUnseen(record, key, claimed))',
    'return present.filter(key => cameUnseen(record, key, claimed) && false)',
  ),
  mutant(
    'what appears without a command is taken for ours',
    `${TUNNEL}/foreign.ts`,
    'return present.filter(key => !isKnown(facts, key) && !isOpen(record, key))',
    'return record.foreign ? [] : present.filter(key => !isKnown(facts, key) && !isOpen(record, key))',
  ),
]

/** What became of our own installs while we were away. */
const ORIGINS: readonly Mutant[] = [
  mutant(
    'the newest Pod is taken for the one whose install runs',
    `${PODS}/provenance.ts`,
    'if (witness) return',
    'if (witness && nowMs < 0) return',
  ),
]

/** Who is called silent or dead. */
const SILENCE: readonly Mutant[] = [
  mutant(
    'liveness counts from time zero after a restart',
    `${TUNNEL}/silence.ts`,
    'const quietMs = nowMs - Math.max(life.aliveAtMs, link.sinceMs, aliveSinceConnect ? 0 : firstHeardAtMs)',
    'const quietMs = nowMs - life.aliveAtMs',
  ),
  mutant(
    'bases are judged while the broker is away',
    `${TUNNEL}/silence.ts`,
    'return link.connected ? judgeHearing(facts) : judgeUnhearing(facts)',
    `const askedSurelySinceMs = Math.max(link.sinceMs, record.life.aliveAtMs)
  return judgeHearing({ ...facts, memo: { ...facts.memo, askedAtMs: { health: facts.nowMs }, askedSurelySinceMs } })`,
  ),
  mutant(
    'silence is believed of questions that never left',
    `${TUNNEL}/silence.ts`,
    'if (quietMs <= silentAfterMs || !surelyAsked(facts)) {',
    'if (quietMs <= silentAfterMs) {',
  ),
  mutant(
    'no base is ever silent',
    `${TUNNEL}/silence.ts`,
    'aliveSinceConnect ? settings.silentAfterMs :',
    'aliveSinceConnect ? 1e12 :',
  ),
  mutant(
    'a dead base is never believed to be back',
    `${TUNNEL}/silence.ts`,
    'if (alive && !record.deactivated) return',
    'if (alive && record.deactivated) return',
  ),
  mutant(
    'most of all bases silent at once are judged as one',
    `${TUNNEL}/census.ts`,
    'missing > FEW && missing > SHARE_HELD * known',
    'missing > FEW && missing > 10 * known',
  ),
  mutant(
    'a base is asked once and never again',
    `${TUNNEL}/polling.ts`,
    "why: 'its heart is missing' }] : []),\n    ...(open ?",
    "why: 'its heart is missing' }] : []),\n    ...(open && false ?",
  ),
]

export const MUTANTS: readonly Mutant[] = [
  ...HEARING,
  ...COMMANDS,
  ...FOREIGN,
  ...ORIGINS,
  ...SILENCE,
  ...PODS_SHOWN,
  ...CLUSTER,
  ...WEB,
]
