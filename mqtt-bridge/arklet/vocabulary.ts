/**
 * The words of Arklet: what a base says and what it may be told.
 * Nothing here knows how the words travel (`codec.ts`, `topics.ts`) nor what Kubernetes makes of them.
 */
import type { ToldAddress } from './base-address.ts'
import type { Clash } from './clash.ts'
import type { Proof } from './web-path.ts'

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** The identity a base bears in its topics, as spelled there. */
export type BaseId = Brand<string, 'BaseId'>
export const baseId = (raw: string): BaseId => raw as BaseId

/** `name:version`: what one biz is called on one base, and what Arklet locks while a command runs. */
export type BizKey = Brand<string, 'BizKey'>
export const bizKey = (name: string, version: string): BizKey => `${name}:${version}` as BizKey

/** SOFAArk's states. `unresolved` and `stopped` never reach the wire of a real base; they are accepted all the same. */
export const BIZ_STATES = ['unresolved', 'resolved', 'activated', 'deactivated', 'broken', 'stopped'] as const
export type BizState = (typeof BIZ_STATES)[number]

/** What a base says of itself in its heart and its queryBaseline. */
export interface BaseMetadata {
  readonly name: string
  readonly version: string
  readonly clusterName: string
}

/** One biz as the base reports it. */
export interface BizReport {
  readonly name: string
  readonly version: string
  readonly state: BizState
  /** The base's own clock; compared only with other times of the same base. */
  readonly changedAtMs?: number
  /** SOFAArk's enum name in upper case: CREATED, STARTED, SWITCHED, KILLING, INSTALL_FAILED … */
  readonly reason?: string
  readonly message?: string
  /** As the jar's manifest spells it. Answers to an install tell it, snapshots do not. */
  readonly webContextPath?: string
}

/** Which web server of a base its modules share: the plugin that lends it to them tells. */
export type WebServer = 'servlet' | 'reactive' | 'none'

/** A module and the context path in its manifest. Where a property sets another path, nobody tells (capture 217). */
export interface WebModule {
  readonly name: string
  readonly version: string
  readonly path: string
}

export interface HealthReport {
  /** Time since the JVM started: it goes back when the base restarted. */
  readonly runTimeMs?: number
  readonly javaVersion?: string
  readonly processors?: number
  readonly metaspaceUsedBytes?: number
  readonly metaspaceCommittedBytes?: number
  /** Absent where the JVM has no -XX:MaxMetaspaceSize (it then says -1). */
  readonly metaspaceMaxBytes?: number
  /** State of the base's own (master) biz. */
  readonly masterState?: BizState
  /** The base itself, as it is listed among its modules. */
  readonly master?: WebModule
  /** All modules that tell a path, without the base itself; absent where the health lists no modules. */
  readonly webModules?: readonly WebModule[]
  /** Absent where the health lists no plugins. */
  readonly webServer?: WebServer
}

/** How a base answered an installBiz or uninstallBiz. */
export type CommandOutcome =
  /** `bizs` is what the jar's manifest named, which may differ from what the command asked for. */
  | { readonly kind: 'installed'; readonly bizs: readonly BizReport[]; readonly metaspaceBytes?: number }
  | { readonly kind: 'uninstalled' }
  /** REPEAT_BIZ: this biz:version is there already, in whatever state. */
  | { readonly kind: 'repeat' }
  /** NOT_FOUND_BIZ. */
  | { readonly kind: 'absent' }
  /** A command for this biz:version is running: this answers nobody's command. */
  | { readonly kind: 'conflict'; readonly running: string }
  /** `async` command taken: its outcome is never published. We send none; someone else did. */
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'failed'
      readonly code: string
      readonly message: string
      readonly cause: string
      /** It cannot stand beside what is there. */
      readonly clash?: Clash
    }

export interface BatchResult {
  readonly url: string
  readonly code: string
  readonly message: string
  readonly bizs: readonly BizReport[]
}

interface Heard {
  readonly base: BaseId
  /** The base's clock: orders messages of one base, and nothing else. */
  readonly publishedAtMs: number
}

/** What a base said, decoded and checked. */
export type Observation = Heard &
  (
    | { readonly kind: 'queryBaseline'; readonly metadata: BaseMetadata }
    | ({
        readonly kind: 'heart'
        readonly metadata: BaseMetadata
        readonly hostName: string
        readonly port: number
        readonly state: BizState
      } & ToldAddress)
    | { readonly kind: 'health'; readonly health: HealthReport }
    | { readonly kind: 'snapshot'; readonly bizs: readonly BizReport[] }
    | {
        readonly kind: 'answer'
        readonly command: 'installBiz' | 'uninstallBiz'
        /** As the command spelled them: the label of the answer, not what the jar says. */
        readonly name: string
        readonly version: string
        readonly outcome: CommandOutcome
      }
    | {
        readonly kind: 'batchAnswer'
        readonly code: string
        readonly message: string
        readonly results: readonly BatchResult[]
      }
  )

export type InstallStrategy = 'installOnly' | 'uninstallThenInstall'

export interface InstallBiz {
  readonly kind: 'installBiz'
  readonly name: string
  readonly version: string
  readonly url: string
  readonly args?: readonly string[]
  readonly envs?: Readonly<Record<string, string>>
  readonly strategy?: InstallStrategy
  /** Started for a trial. What comes up is not the module, though the base lists it as if it were (captures 190, 215, 238). */
  readonly proof?: Proof
}

export interface UninstallBiz {
  readonly kind: 'uninstallBiz'
  readonly name: string
  readonly version: string
}

export type Question = { readonly kind: 'health' } | { readonly kind: 'queryAllBiz' }

/** What a base may be told. */
export type Command =
  | InstallBiz
  | UninstallBiz
  | Question
  | { readonly kind: 'baseline'; readonly bizs: readonly Omit<InstallBiz, 'kind'>[] }
