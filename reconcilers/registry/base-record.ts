/** The facts about one base. Records are replaced, never mutated. No timers, no decisions: what follows from them is in the plans. */
import type {
  BaseId,
  BaseMetadata,
  BizKey,
  BizReport,
  Clash,
  HealthReport,
  Proof,
  ToldAddress,
  WebServer,
} from '../../mqtt-bridge/index.ts'
import type { NodeName } from '../names.ts'

/** One claim's container: `podUid/container`. */
declare const brand: unique symbol
export type ClaimId = string & { readonly [brand]: 'ClaimId' }
export const claimId = (podUid: string, container: string): ClaimId => `${podUid}/${container}` as ClaimId

/** What a claim asks for: everything that makes two installs of one biz the same or another. */
export interface ModuleTuple {
  readonly version: string
  readonly url: string
  readonly args: readonly string[]
  readonly envs: Readonly<Record<string, string>>
  readonly restartedAt: string
}

export interface Life {
  /** Link epoch in which the counts below were made. */
  readonly epoch: number
  readonly messagesInEpoch: number
  /** Last proof of life: an answer to our question, or a second message after our own (re)connect. Our clock; 0: none yet. */
  readonly aliveAtMs: number
  /** Any message at all. */
  readonly heardAtMs: number
  readonly heartAtMs?: number
  /** Oldest question (health, queryAllBiz) not answered since; absent when none is open. */
  readonly askedSinceMs?: number
  /** Newest question, answered or not. */
  readonly askedAtMs?: number
  readonly answeredAtMs?: number
  /** Looks asked for and not told yet, as far as is known: one that was lost counts until all has been quiet for a while. */
  readonly openLooks?: number
  /**
   * Something came that proves nothing (nobody asked for it, or its time lies far back): it is to be asked. Gone with the next look
   * that is believed.
   */
  readonly suspectAtMs?: number
}

/** Set by the tunnel reconciler, which alone judges silence. */
export type ReachState =
  | 'unproven' // known from a Node or one message only: never judged, never commanded
  | 'heard'
  | 'silent'
  | 'dead'
export interface Reach {
  readonly state: ReachState
  readonly sinceMs: number
  readonly why: string
  /** Unproven because most bases fell silent at once: Nodes and Pods stay as they were, deaths come a hundredfold slower. */
  readonly held?: true
  /** Silent for so long that it would be dead, did no Pod on it ask to be kept for longer; since when nothing was heard. */
  readonly lostSinceMs?: number
}

/** The base lives, yet gets no new commands, and why. */
export interface NoCommands {
  readonly reason: 'BaseDeaf' | 'BaseLeaving' | 'DuplicateIdentity'
  readonly sinceMs: number
  readonly message: string
}

/** A queryAllBiz answer. Absence from it proves absence only for commands answered before it was published. */
export interface Snapshot {
  readonly publishedAtMs: number
  readonly receivedAtMs: number
  /** How many snapshots came since our process first heard this base. */
  readonly count: number
}

/** A command that may be running on the base. Counts against the limits until answered and looked at, or the base restarts. */
export interface Flight {
  readonly command: 'installBiz' | 'uninstallBiz'
  readonly name: string
  readonly version: string
  readonly strategy?: 'installOnly' | 'uninstallThenInstall'
  /** Whose claim it serves: the install's, or that of the Pod being deleted. Absent for flights of others (a conflict told us). */
  readonly claim?: ClaimId
  readonly tuple?: ModuleTuple
  /** A trial beside the running version. What it brings in is not the module. */
  readonly proof?: Proof
  /** Stops what ran before the new one was seen to work. */
  readonly unproven?: boolean
  /** What of the same version it replaces: put back when it fails. On failure it becomes the Attempt's `previous`. */
  readonly replaces?: ModuleTuple
  /** Puts back what ran before a replacement failed: it is not what the claim asks for. */
  readonly restores?: true
  readonly sentAtMs: number
  /** Past its deadline: still counted, but waited for no longer. */
  readonly overdue: boolean
  /** The biz as it stood when the command went out; absent: it was not there. Filled in by `applyNote`. */
  readonly before?: Pick<BizReport, 'state' | 'changedAtMs'>
  /** Newest publish time heard of the base by then: what was published earlier cannot speak of this command. */
  readonly sentAfterPublishedAtMs?: number
  /** Looks that had been asked for before it was sent, and were not told by then: they say nothing of it. */
  readonly looksOwed?: number
  /** Looks in a row, asked for since, that show no trace of it: it may be lost, or still be downloading. */
  readonly tracelessLooks?: number
  /** It was sent before, to no effect that is known: how often, and when first. */
  readonly resent?: { readonly times: number; readonly firstSentAtMs: number }
  /** Snapshots show the outcome since then (our clock), though no answer came: see `end-flights.ts`. */
  readonly outcomeSeenAtMs?: number
}

/** A command that was sent again has not been answered for longer than its last sending. */
export const firstSentAtMs = ({ resent, sentAtMs }: Flight): number => resent?.firstSentAtMs ?? sentAtMs

/** After an answer (or a deadline) the base must be looked at anew: `since` is the answer's own publish time. */
export interface Doubt {
  readonly sincePublishedAtMs: number
  readonly raisedAtMs: number
  /** The base said that this claim's biz is there: if the next look does not find it, that install failed. */
  readonly expected?: { readonly claim: ClaimId; readonly url: string; readonly code: string }
}

/** From which tuple a present biz was installed, as far as we know. */
export interface Provenance {
  readonly tuple: ModuleTuple
  readonly claim: ClaimId
  readonly atMs: number
  /** From command sent to the answer that showed it; unknown for what we found there. */
  readonly tookMs?: number
}

/** How a new version is tried while another of its name runs. */
export type Way = 'beside' | Proof['kind']

/** A way that ended with a clash. A trial under a path of its own that found that very path taken does not rule out others. */
export interface RuledOut {
  readonly way: Way
  /** The path that was tried and is somebody's. */
  readonly pathTaken?: string
}

/** A trial that was sent, or is about to be: what bears this key on the base may be no module. */
export interface ProofEntry {
  /** Our clock, of the last sending. */
  readonly atMs: number
  /** As what it was sent last; absent where only the Lease tells of it. */
  readonly tuple?: ModuleTuple
  /** The base's clock: when the trial came up. Another time at the same key is another start. */
  readonly changedAtMs?: number
  /** The Lease of the base tells of it, so that whoever serves the base next knows. */
  readonly isWritten: boolean
}

/** What became of a claim's installs. */
export interface Attempt {
  /** The URL it was tried with: another URL starts afresh. */
  readonly url: string
  readonly failures: number
  readonly lastFailedAtMs: number
  readonly code: string
  /** Short, without credentials: fit for a Pod's status. */
  readonly message: string
  readonly nextTryAtMs: number
  /** No retry can mend it (name or version mismatch), or a retry would stop what runs: waits for a change. */
  readonly final: boolean
  /** The failed install had replaced the running module unproven. */
  readonly unproven: boolean
  /** From the flight's `replaces`. */
  readonly previous?: ModuleTuple
  /** The last failure: it could not stand beside what is there. */
  readonly clash?: Clash
  /** Ways that ended with a clash, for this URL. */
  readonly ruledOut?: readonly RuledOut[]
  /** What the jar turned out to be (name or version mismatch): it came in by this claim and is to be uninstalled. */
  readonly broughtIn?: BizKey
}

/** A claim that failed and then succeeded: a failure within ten minutes of that goes on counting. */
export interface Recovery {
  readonly url: string
  readonly failures: number
  readonly atMs: number
  readonly ruledOut?: readonly RuledOut[]
}

/** Uninstalls of one biz that the base refused; gone with the biz. */
export interface UninstallFailure {
  readonly failures: number
  readonly lastFailedAtMs: number
  readonly nextTryAtMs: number
  readonly code: string
  readonly message: string
}

/** A value that holds, and the one that held before it. */
export interface Turn {
  readonly value: string
  readonly seenAtMs: number
  readonly before?: { readonly value: string; readonly seenAtMs: number }
}

/** Tells one JVM behind an identity from its successor, and two at a time from one. */
export interface ProcessTrace {
  /** The base's clock: what was published before this was said by an earlier process. */
  readonly sincePublishedAtMs?: number
  /** Last run time heard; when that process began, by our clock and by its own. */
  readonly runTime?: { readonly ms: number; readonly startedAtMs: number; readonly startedPublishedAtMs: number }
  /** Beginnings (our clock) of processes that answered before this one; the last few. */
  readonly earlierStartsMs: readonly number[]
  readonly metadata?: Turn
  readonly address?: Turn
}

/** `ip` is absent where the base knows none by which others reach it, `unusableIp` then what it says instead. */
export type BaseAddress = ToldAddress & { readonly hostName: string; readonly port: number }

export interface BaseRecord {
  readonly id: BaseId
  readonly nodeName: NodeName
  /** Whose the Node of that name is; absent: not known yet. Pods bound to it are ours only where it is. */
  readonly nodeIs?: 'ours' | 'others'
  readonly tunnel: 'mqtt'
  readonly metadata: BaseMetadata
  /** Absent until the first heart (a queryBaseline carries none). */
  readonly address?: BaseAddress
  readonly firstHeardAtMs: number
  readonly life: Life
  readonly reach: Reach
  readonly noCommands?: NoCommands
  /** Two processes share this identity: when their metadata or run times last alternated. */
  readonly duplicateSeenAtMs?: number
  readonly health?: HealthReport
  readonly healthAtMs?: number
  /** Metaspace committed at first contact: what the base needs for itself. */
  readonly metaspaceOwnBytes?: number
  readonly snapshot?: Snapshot
  /** What runs on the base: the last snapshot, with later answers merged in. Keyed by the jar's own name and version. */
  readonly bizs: ReadonlyMap<BizKey, BizReport>
  readonly flights: ReadonlyMap<BizKey, Flight>
  readonly doubts: ReadonlyMap<BizKey, Doubt>
  readonly provenance: ReadonlyMap<BizKey, Provenance>
  readonly attempts: ReadonlyMap<ClaimId, Attempt>
  /** The context paths in the manifests of modules that are there, as spelled: SOFAArk tells `biz1` from `/biz1`. */
  readonly webPaths: ReadonlyMap<BizKey, string>
  /** Absent: not known yet. Only modules of a base that lends its web server have paths of their own. */
  readonly webServer?: WebServer
  readonly proofs: ReadonlyMap<BizKey, ProofEntry>
  /** Biz names whose Pods leave their Services before the module is stopped, and since when. */
  readonly drains: ReadonlyMap<string, number>
  /** Claims of Pods that go, whose preStop hooks were begun: until when each is waited for. */
  readonly preStops: ReadonlyMap<ClaimId, number>
  /** Metaspace that the last install of a biz name took. */
  readonly metaspaceByName: ReadonlyMap<string, number>
  /** Never to be uninstalled by us. Absent: no record of this base yet (no clean snapshot, no Lease annotation). */
  readonly foreign?: ReadonlySet<BizKey>
  /** Unclaimed, not foreign: since when and in how many clean snapshots in a row. */
  readonly unclaimed: ReadonlyMap<BizKey, { readonly sinceMs: number; readonly snapshots: number }>
  /** Restarts of the JVM that we noticed. */
  readonly restarts: number
  readonly restartedAtMs?: number
  /** What ran until the last restart, and when it had come up (base clock). */
  readonly endedByRestart?: ReadonlyMap<BizKey, number>
  /** Last publish time per kind of message, to drop what arrives late or twice. */
  readonly lastPublishedAtMs: Readonly<Record<string, number>>
  /** `namespace/name/uid` of the Pod that the base runs in, once found. */
  readonly basePod?: {
    readonly namespace: string
    readonly name: string
    readonly uid: string
    readonly nodeName?: string
  }
  /**
   * Of a base taken up from its Node or from memory: until when the operator before us surely saw what it runs. A JVM
   * that began later runs nothing of ours.
   */
  readonly servedUntilMs?: number
  /** When this replica took it over from another. */
  readonly takenAtMs?: number
  /** The looking-up of that Pod is over (found, or 60 s passed). */
  readonly basePodSettled: boolean
  /** Its last heart said that it is going down. Any other heart state proves nothing: real bases always say activated. */
  readonly deactivated?: boolean
  readonly process?: ProcessTrace
  /** The last answer whose time lies far back; absent when something in time came since. Two of them are another clock. */
  readonly strayed?: { readonly publishedAtMs: number; readonly heardAtMs: number }
  readonly recoveries?: ReadonlyMap<ClaimId, Recovery>
  readonly uninstallFailures?: ReadonlyMap<BizKey, UninstallFailure>
}

/** What about a base changed: `reconcilers/wake.ts` turns it into keys. */
export type Change =
  | 'added'
  | 'seen' // life only
  | 'described' // metadata, address, health, capacity
  | 'moved' // its address, of which `described` tells too
  | 'bizs' // what runs there, or a flight, doubt or attempt
  | 'reach' // heard, silent, dead, no-commands
  | 'foreign'
  | 'proofs' // a trial to be written down before it is sent
  | 'commanded' // a flight began: nothing to show, but to be looked after
  | 'restarted' // another JVM under the same identity: nothing of the old one holds
  | 'nodeIs' // whose its Node is, and with it the Pods there
  | 'removed'
