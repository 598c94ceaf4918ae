/** How a planted fault is written down, and by which seed it is known to be seen. */
import type { FaultKind } from '../faults/mix.ts'
import type { Mutant } from './mutant.ts'

/** Seeds that are known to see it: these faults are planted in `npm run test:sim`. Not where a run takes minutes. */
const SEEN_BY: Readonly<Record<string, number>> = {
  'a conflict clears the flight': 24,
  'an answer raises no doubt': 3,
  'an unanswered uninstall is waited for until the base restarts': 8,
  'commands are retained': 1,
  'the oldest claim wins': 5,
  'more than three commands at a time': 5,
  'an edited image is not rolled out': 3,
  'the sweep removes foreign modules': 1,
  'what appears without a command is taken for ours': 2,
  'transition times are those of the last look': 1,
  'restarts are not counted from the last': 1,
  'what a base says wakes no command': 1,
  'liveness counts from time zero after a restart': 62,
  'a dead base is never believed to be back': 127,
  'a Pod goes before its module': 1,
  'a Pod goes before its base was looked at': 17,
  'a Pod is Ready on a base that is silent': 74,
  'a status is written whatever was written since': 15,
  'an expired Lease of another is never taken': 1,
  'a Node deleted by hand is not made again': 1,
  'a moved base keeps its address': 4,
  'deletions are not seen': 27,
  'a watch that is too old is begun again at the same place': 17,
  'a key that changed while it was worked on is forgotten': 1,
  'a run that failed is not tried again': 12,
  'the clock of the base is trusted': 4,
  'a proved version is never switched to': 11,
  'an unanswered install that nobody wants is never asked after': 101,
  'a failed install is tried again at once': 85,
  'there is no sweep': 22,
  'the newest Pod is taken for the one whose install runs': 68,
  'bases are judged while the broker is away': 4,
  'no base is ever silent': 74,
  'a restarted JVM is believed to run what the former one ran': 1,
  'a restart leaves flights standing': 1,
  'what a base says is compared by the second of the minute': 1,
  'a command in flight is sent again': 1,
  'args are not sent': 5,
  'an unanswered install is never sent again': 1,
  'a failed install is never tried again': 10,
  'the peer’s leftovers are not cleared': 21,
  'what a conflict told of is taken for ours': 8,
  'what came unseen with a young JVM is taken for ours': 35,
  'most of all bases silent at once are judged as one': 24,
  'a base is asked once and never again': 50,
  'a Pod is deleted whatever its uid': 1,
  'a Pod goes while a command for it may be running': 22,
  'statuses are planned from the cache alone': 1,
  'a second write is planned from the state before the first': 1,
  'a list may be that of a server that lags behind': 4,
  'a list shows no deletion': 17,
  'a trial is taken for the module': 1,
}

/** Faults that show it: seeds with these alone, and hard, are searched for it. Absent: seeds as they are drawn. */
const SHOWN_BY: Readonly<Record<string, readonly FaultKind[]>> = {
  'absence is believed from a look older than the answer': ['frameReordered'],
  'a restarted JVM is believed to run what the former one ran': ['baseRestart'],
  'a restart leaves flights standing': ['baseRestart', 'slowInstalls'],
  'what a base says is compared by the second of the minute': ['baseRestart'],
  'REPEAT_BIZ is taken for success': ['frameLost', 'frameDoubled'],
  'a command in flight is sent again': ['slowInstalls'],
  'an unanswered install is never sent again': ['frameLost', 'baseLinkCut'],
  'a failed install is never tried again': ['jarBroken'],
  'the peer’s leftovers are not cleared': ['peerRetained'],
  'what a conflict told of is taken for ours': ['peerRetained', 'frameDoubled', 'slowInstalls', 'baseLinkCut'],
  'what came unseen with a young JVM is taken for ours': ['operatorCrash', 'baseRestart'],
  'silence is believed of questions that never left': ['operatorBlackHole'],
  'most of all bases silent at once are judged as one': ['allDropOff'],
  'a base is asked once and never again': ['baseDeaf'],
  'a Pod is deleted whatever its uid': ['podRecreated', 'podForceDeleted', 'watchLag', 'apiSlow'],
  'a Pod goes while a command for it may be running': ['slowInstalls', 'podDeleted'],
  'a JVM that has just begun is shown as the one before': ['baseRestart', 'frameLost'],
  'statuses are planned from the cache alone': ['baseRestart'],
  'a second write is planned from the state before the first': ['baseRestart'],
  'a list may be that of a server that lags behind': ['listLag', 'watchTooOld', 'podForceDeleted'],
  'a list shows no deletion': ['apiOutage', 'watchTooOld', 'podForceDeleted', 'podDeleted'],
  'args are not sent': ['ackLost'],
  'nothing is subscribed to again': ['operatorLinkCut'],
}

export const mutant = (name: string, file: string, find: string, replace: string): Mutant => ({
  ...(SEEN_BY[name] !== undefined && { seed: SEEN_BY[name] }),
  ...(SHOWN_BY[name] && { lean: SHOWN_BY[name] }),
  name,
  file,
  find,
  replace,
})

export const REGISTRY = 'reconcilers/registry'
export const TUNNEL = 'reconcilers/base-tunnel'
export const PODS = 'reconcilers/pod-lifecycle'
export const NODES = 'reconcilers/node-lease'
export const KUBE = 'operator/kube'
