import type { ArkFlags } from './ark.ts'
import type { BehaviourOptions } from './behaviour.ts'
import type { WebServerKind } from './web-server.ts'

export interface BaseOptions extends BehaviourOptions {
  readonly identity: string
  /** Default `dev`. Topics carry it in lower case. */
  readonly env?: string
  /** Default `base`. */
  readonly name?: string
  /** Default `1.1.1`: what the user guide's sample asks for. */
  readonly version?: string
  /** Default: the name. */
  readonly clusterName?: string
  /** Default 127.0.0.1. */
  readonly ip?: string
  /** Default: the identity. */
  readonly hostName?: string
  /** Default `koupleless`; the client id is `<prefix>@@@<identity>`. */
  readonly clientPrefix?: string
  readonly flags?: ArkFlags
  /** What lends its web server to modules. Default `none`: what a jar says of the web then has no effect. */
  readonly webServer?: WebServerKind
  /** Modules shipped with the base, or their URLs: they appear a moment *after* it beats. */
  readonly staticModules?: readonly (string | { readonly name: string; readonly version: string })[]
  /** Default 160 MiB; -1 for a JVM without -XX:MaxMetaspaceSize. */
  readonly metaspaceMaxBytes?: number
  /** What the base itself uses. Default 35 MB. */
  readonly metaspaceOwnBytes?: number
  readonly processors?: number
  readonly javaVersion?: string
  /** By how much the base's clock is ahead; a function where it may be set while the base runs. */
  readonly clockSkewMs?: number | (() => number)
  readonly heartEveryMs?: number
  /** Mends what a real base does not: its beats survive a broker outage. */
  readonly heartSurvives?: boolean
}

export interface Identity {
  readonly identity: string
  readonly env: string
  readonly name: string
  readonly version: string
  readonly clusterName: string
  readonly ip: string
  readonly hostName: string
  readonly clientId: string
}

export function identityOf(options: BaseOptions): Identity {
  const { identity, name = 'base' } = options
  return {
    identity,
    env: options.env ?? 'dev',
    name,
    version: options.version ?? '1.1.1',
    clusterName: options.clusterName ?? name,
    ip: options.ip ?? '127.0.0.1',
    hostName: options.hostName ?? identity,
    clientId: `${options.clientPrefix ?? 'koupleless'}@@@${identity}`,
  }
}
