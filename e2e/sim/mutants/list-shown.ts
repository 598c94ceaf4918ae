/** Faults in what Kubernetes is shown, and in how we hear of it. */
import type { Mutant } from './mutant.ts'
import { KUBE, mutant, NODES, PODS } from './planting.ts'

/** What Pods show, and when they go. */
export const PODS_SHOWN: readonly Mutant[] = [
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
]

/** Nodes, Leases, and how we hear of what others change. */
export const CLUSTER: readonly Mutant[] = [
  mutant(
    'further pages of a list are not asked for',
    `${KUBE}/reflector.ts`,
    '      from = page.metadata?.continue\n',
    '',
  ),
  mutant(
    'nothing is subscribed to again',
    'e2e/sim/network/operator-link.ts',
    'topics: this.#topics,',
    'topics: this.#failures === 0 ? this.#topics : [],',
  ),
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
    "if (type === 'DELETED') this.#take(object, gone => this.#kept.remove(gone))",
    "if (type === 'DELETED') this.#take(object, () => {})",
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
