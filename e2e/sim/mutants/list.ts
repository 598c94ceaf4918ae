/** Faults that somebody may well make, most of them made by somebody: the simulation must see each. */
import type { Mutant } from './mutant.ts'

/** Seeds that are known to see it: these faults are planted in `make test`. */
const SEEN_BY: Readonly<Record<string, number>> = {
  'commands are retained': 1,
  'the oldest claim wins': 1,
  'the former version stays': 23,
  'a proved version is never switched to': 11,
  'an edited image is not rolled out': 5,
  'the sweep removes foreign modules': 1,
  'a superseded Pod fails': 11,
  'transition times are those of the last look': 1,
  'restarts are not counted from the last': 1,
  'what a base says wakes no command': 1,
}

const mutant = (name: string, file: string, find: string, replace: string): Mutant => ({
  ...(SEEN_BY[name] !== undefined && { seed: SEEN_BY[name] }),
  name,
  file,
  find,
  replace,
})

const REGISTRY = 'reconcilers/registry'
const TUNNEL = 'reconcilers/base-tunnel'
const PODS = 'reconcilers/pod-lifecycle'
const NODES = 'reconcilers/node-lease'
const KUBE = 'operator/kube'

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
    'late looks are believed',
    `${REGISTRY}/observe-snapshot.ts`,
    'if (snapshot && heard.publishedAtMs <= snapshot.publishedAtMs) return unchanged(record)',
    'if (snapshot === null) return unchanged(record)',
  ),
  mutant(
    'an unanswered uninstall is waited for until the base restarts',
    `${REGISTRY}/end-flights.ts`,
    'const UNTOUCHED_MS = 10_000',
    'const UNTOUCHED_MS = 1e12',
  ),
  mutant(
    'retained messages prove life',
    'mqtt-bridge/session/bridge.ts',
    'frame.retained ? retained(frame) : this.#letIn(frame)',
    'this.#letIn(frame)',
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
    "if (record.flights.has(keyOf(claim))) return 'a command for this biz may be running'\n",
    '',
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
  mutant('an edited image is not rolled out', 'reconcilers/claims.ts', '    a.url === b.url &&\n', ''),
  mutant('args do not count', 'reconcilers/claims.ts', '    sameList(a.args, b.args) &&\n', ''),
  mutant(
    'an unanswered install is never sent again',
    `${PODS}/module-plan.ts`,
    'if (dueAtMs > nowMs) return wait',
    'if (dueAtMs > 0) return wait',
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
    `${TUNNEL}/greeting.ts`,
    'return waitMs > 0 ? waitMs : true',
    'return waitMs > 0 ? waitMs : false',
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
    'return present.filter(key => cameUnseen(record, key))',
    'return present.filter(key => cameUnseen(record, key) && false)',
  ),
  mutant(
    'what appears without a command is taken for ours',
    `${TUNNEL}/foreign.ts`,
    'return present.filter(key => !isKnown(facts, key) && !isOpen(record, key))',
    'return record.foreign ? [] : present.filter(key => !isKnown(facts, key) && !isOpen(record, key))',
  ),
  mutant(
    'the sweep trusts a cache that may be old',
    `${TUNNEL}/sweep.ts`,
    'if (entry.snapshots < SNAPSHOTS || cacheFreshAtMs < entry.sinceMs) return undefined',
    'if (cacheFreshAtMs < 0) return undefined',
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
  mutant(
    'a marker of a replacement is not read',
    `${PODS}/provenance.ts`,
    'if (marked) return marked',
    'if (marked && nowMs < 0) return marked',
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
    'return judgeHearing(facts)',
  ),
  mutant(
    'silence is believed of questions that never left',
    `${TUNNEL}/silence.ts`,
    'if (quietMs <= silentAfterMs || !surelyAsked(facts)) {',
    'if (quietMs <= silentAfterMs) {',
  ),
  mutant('no base is ever silent', `${TUNNEL}/settings.ts`, 'silentAfterMs: 25_000', 'silentAfterMs: 1e12'),
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

/** What Pods show, and when they go. */
const PODS_SHOWN: readonly Mutant[] = [
  mutant(
    'a Pod is deleted whatever its uid',
    `${KUBE}/cluster.ts`,
    '{ gracePeriodSeconds: 0, preconditions: { uid } }',
    '{ gracePeriodSeconds: 0 }',
  ),
  mutant(
    'a Pod goes while a command for it may be running',
    `${PODS}/pod-plan.ts`,
    "if (record.flights.has(key)) return 'a command for its module may be running'\n",
    '',
  ),
  mutant(
    'a Pod goes before its module',
    `${PODS}/pod-plan.ts`,
    "if (bizOf(record, claim)) return 'its module is being uninstalled'\n",
    '',
  ),
  mutant(
    'a Pod goes before its base was looked at',
    `${PODS}/pod-plan.ts`,
    "if (!record.snapshot) return 'what the base runs is not known'\n",
    '',
  ),
  mutant(
    'a Pod is Ready on a base that is silent',
    `${PODS}/pod-status.ts`,
    "if (record.reach.state === 'silent') {",
    "if (record.reach.state === 'dead') {",
  ),
  mutant(
    'a JVM that has just begun is shown as the one before',
    `${PODS}/pod-plan.ts`,
    '(snapshot === undefined && restartedAtMs === undefined)',
    'snapshot === undefined',
  ),
  mutant(
    'a status is written whatever was written since',
    `${PODS}/status-patch.ts`,
    'const metadata = { resourceVersion: pod.metadata?.resourceVersion }',
    'const metadata = {}',
  ),
  mutant(
    'statuses are planned from the cache alone',
    `${PODS}/pod-controller.ts`,
    'return cached && this.#written.of(key, cached, clock.now())',
    'return cached',
  ),
  mutant(
    'statuses are compared by the second of the minute',
    `${PODS}/pod-status.ts`,
    '? Math.floor(Date.parse(entry) / 1_000)',
    '? Math.floor(Date.parse(entry) / 1_000) % 60',
  ),
  mutant(
    'a superseded Pod fails',
    `${PODS}/pod-status.ts`,
    "if (before === 'Failed' || before === 'Succeeded') return before",
    "if (pod.status?.conditions?.some(({ type, status }) => type === 'Superseded' && status === 'True')) return 'Failed'",
  ),
  mutant(
    'transition times are those of the last look',
    `${PODS}/pod-status.ts`,
    'before?.status === status ? before.lastTransitionTime :',
    'before?.status === undefined ? before?.lastTransitionTime :',
  ),
  mutant(
    'restarts are not counted from the last',
    `${PODS}/container-status.ts`,
    'restartCount: (prior?.restartCount ?? 0) + 1',
    'restartCount: (prior?.restartCount ?? 0) + 2',
  ),
  mutant(
    'an address that moved is not shown',
    'reconcilers/wake.ts',
    "moved: ['nodeLease', 'baseTunnel', 'pods']",
    "moved: ['nodeLease', 'baseTunnel']",
  ),
]

/** Nodes, Leases, and how we hear of what others change. */
const CLUSTER: readonly Mutant[] = [
  mutant(
    'an expired Lease of another is never taken',
    `${NODES}/lease.ts`,
    'if (renewed === undefined || lease.spec?.holderIdentity !== holder) return 0',
    'if (renewed === undefined || lease.spec?.holderIdentity !== holder) return 1e12',
  ),
  mutant(
    'a Node deleted by hand is not made again',
    `${NODES}/plan.ts`,
    "if (record.reach.state !== 'heard') return nothing('no Node yet",
    "if (record.address) return nothing('no Node yet",
  ),
  mutant(
    'a moved base keeps its address',
    `${NODES}/node-patch.ts`,
    'return moved ? { addresses } : {}',
    'return moved ? {} : {}',
  ),
  mutant(
    'a second write is planned from the state before the first',
    'reconcilers/latest.ts',
    'if (nowMs - written.atMs < WATCH_LAG_MS && !isCaughtUp(cached, written.object)) return written.object',
    'if (nowMs < 0) return written.object',
  ),
  mutant(
    'deletions are not seen',
    `${KUBE}/reflector.ts`,
    "if (type === 'DELETED') this.#kept.remove(this.#trimmed(object))",
    "if (type === 'DELETED') this.#trimmed(object)",
  ),
  mutant(
    'a list may be that of a server that lags behind',
    `${KUBE}/reflector.ts`,
    'limit: String(pageSize), continue: from }',
    "limit: String(pageSize), continue: from, resourceVersion: '0' }",
  ),
  mutant('a list shows no deletion', `${KUBE}/reflector.ts`, '    this.#kept.retain(seen)\n', ''),
  mutant(
    'a watch that is too old is begun again at the same place',
    `${KUBE}/reflector.ts`,
    "      this.#resourceVersion = ''\n      this.#ports.log.debug",
    '      this.#ports.log.debug',
  ),
  mutant(
    'a key that changed while it was worked on is forgotten',
    'reconcilers/loop/work-queue.ts',
    '    this.#dirty.delete(key)\n    this.#wakeAt(key, again)',
    '    this.#dirty.delete(key)',
  ),
  mutant(
    'a run that failed is not tried again',
    'reconcilers/loop/controller.ts',
    "if (verdict.result === 'terminal') queue.forget(key)",
    "if (verdict.result !== 'conflict') queue.forget(key)",
  ),
  mutant(
    'a lost write race is not run again',
    'reconcilers/loop/controller.ts',
    "if (verdict.result === 'terminal') queue.forget(key)",
    "if (verdict.result === 'conflict') queue.forget(key)",
  ),
  mutant(
    'what a base says wakes no command',
    'reconcilers/wake.ts',
    "bizs: ['baseTunnel', 'modules', 'pods']",
    "bizs: ['baseTunnel', 'pods']",
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
]
