/**
 * What the simulation has found in the operator: the seed that showed it first, and the words of the commit that mended it. A
 * seed means another run once faults or draws are added, so each of these has a test of its own beside the code; the seeds are
 * played again all the same.
 */
import type { FaultKind } from './faults/mix.ts'

export interface FoundBySeed {
  readonly seed: number
  /** The only faults of its run. */
  readonly lean?: readonly FaultKind[]
  readonly found: string
  /** First line of the commit. */
  readonly mended: string
}

export const FOUND: readonly FoundBySeed[] = [
  {
    seed: 8,
    found:
      'two statuses planned from one cached version: a restart that was counted is taken back, a transition gets an old time',
    mended: "A Pod's status is written under the version it was planned from, and planned from our own last write",
  },
  {
    seed: 1,
    found: 'a silent base restarts and speaks: its Pods are Ready before anybody looked at what it runs',
    mended: 'A Pod is not called Ready for a JVM that has just begun and was not looked at yet',
  },
  {
    seed: 6,
    found: 'a base loses its connection and an install on its way: the Pod waits until that JVM restarts',
    mended: 'An install that is not answered by its deadline is sent again: it may never have reached its base',
  },
  {
    seed: 1023,
    found: 'such an install, whose Pod is gone by then, keeps its place among the commands of the base for good',
    mended: 'An unanswered install that nobody wants any more is asked after: it held its place and its Pod for good',
  },
  {
    seed: 2009,
    found: 'the operator ends between the first look at a young base and the next: what it was shipped with is swept',
    mended:
      'Foreign modules: one that a conflict told of is not ours, nor what came with a young JVM while no operator looked',
  },
  {
    seed: 3007,
    found: 'a conflict tells of somebody else’s install: taken for ours, and swept',
    mended:
      'Foreign modules: one that a conflict told of is not ours, nor what came with a young JVM while no operator looked',
  },
  {
    seed: 1008,
    found: 'after an absence of ours Pods are Ready on the word of a health answer, though the base may have restarted',
    mended:
      'Ready that the node lifecycle controller took is given back after the first look at the base, and not before',
  },
  {
    seed: 50043,
    found: 'a replacement that never arrived holds a place for installs until the JVM restarts',
    mended:
      'A replacement that never arrived is over once its deadline has passed and what it was to replace stands untouched',
  },
  {
    seed: 70027,
    found:
      'an install reaches its base a second time, after what it brought in was removed: held for foreign, it blocks its Pod',
    mended:
      'What a late second delivery of our own install brings in is ours for five minutes, and not foreign for good',
  },
  {
    seed: 920004,
    found:
      'while a command is not answered nothing is known for foreign; the operator ends, and the next one sweeps it',
    mended: 'A module that comes while a command for another is open is known for foreign at once',
  },
  {
    seed: 920152,
    found:
      'no operator runs while the same version is rolled out from another URL: the new Pods are taken for served by the old module',
    mended: "A Pod that is being deleted bears witness to what its successors' module was installed from",
  },
  {
    seed: 331,
    found: 'a JVM restarts while the API server is away: its Pods are Ready again before the module is installed again',
    mended: 'What a restart of the JVM has ended is not shown as running while it is installed again',
  },
  {
    seed: 176,
    found: 'a rollback to a Pod that never ran stands still: a newer Pod of its own workload keeps it from its module',
    mended:
      "A Pod that its own workload's newer one keeps from its module is Ready though it never ran: " +
      'a rollback to it would never end',
  },
  {
    seed: 910068,
    found: 'a command that the connection refuses is planned and refused again without end, and nothing else happens',
    mended:
      'An install that was sent for want of the module is no reason to show it as running; ' +
      'a command refused at once is not sent again at once',
  },
  {
    seed: 281,
    found:
      'a replacement is not answered, its Pods are deleted, the operator ends: whether it came about nobody can tell any more',
    mended: 'Simulation: faults in storms; a Pod being deleted stays while a replacement of its module may be running',
  },
  {
    seed: 3000042,
    found:
      'the operator ends before its second look at a young base that tells no times: what it was shipped with is swept',
    mended:
      'Simulation: Pods edited in place, broken builds, long standstills; its oracles know to the module what nobody can tell',
  },
  {
    seed: 97130910,
    found:
      'a module came up for a Pod that nobody showed yet, the operator ends: it is taken for that of its successor, from another jar',
    mended:
      "A Pod that was never shown tells what its successor's module may come from: it stays until its base was looked at",
  },
  {
    seed: 98200202,
    found:
      'a JVM restarts unseen; two operators renew its Lease and end before they hear of it: what it was shipped with is swept',
    mended:
      'A Lease tells of the last look at its base: one that only renewed it does not make a JVM one that was served',
  },
  {
    seed: 98200242,
    found: 'somebody installs a module while the API server is away, and the operator is replaced: it is swept',
    mended:
      'What came after the last look that our predecessor told of is not ours: somebody installed it while no operator could see',
  },
  {
    seed: 98400060,
    found: 'a base held for dead returns with its heart stopped, to another operator: it has no Node for good',
    mended: "A dead base's address is remembered: one that returns with its heart stopped had no Node for good",
  },
  {
    seed: 98400519,
    found: 'a base speaks while its Lease is being deleted: its Node is deleted all the same',
    mended: 'A base that speaks while its Lease is being deleted keeps its Node',
  },
  {
    seed: 2,
    lean: ['operatorCrash', 'baseRestart'],
    found:
      'a JVM restarts twice within a minute, and the operator in between: for a minute Pods of the second show what the first ran',
    mended: 'A base whose first word may be that of another JVM is asked until its health tells which',
  },
  {
    seed: 9,
    lean: ['baseRestart', 'baseDropsOff', 'frameLost'],
    found:
      'a module is gone with a JVM whose restart nobody heard: each answer that it is not there is another uninstall',
    mended: 'What a base did not find is not asked for again before it was looked at: each answer was another command',
  },
  {
    seed: 246,
    lean: ['operatorCrashAtEffect', 'slowInstalls'],
    found:
      'killed before it replaces a module of a base that does not tell when it started: the former one is taken for the next',
    mended: 'Of a base that does not tell when its modules started, the Pod that shows its own running is believed',
  },
]
