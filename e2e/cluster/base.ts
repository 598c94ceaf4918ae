import type { ListedBiz, ReceivedCommand, RestartOptions } from '../base-simulator/index.ts'

type Soon<T> = T | Promise<T>

/** What a journey does with a base, simulated or a JVM. `SimulatedBase` is one as it stands. */
export interface Base {
  readonly identity: string
  readonly ip: string
  /** False once its heart died with a beat that failed. */
  readonly beating: boolean
  /** What it was told, oldest first, questions left out. */
  readonly commandsReceived: readonly ReceivedCommand[]
  /** What it runs: its own word, not the operator's. */
  bizs(): Soon<readonly ListedBiz[]>
  /** As kill -9. */
  kill(): Soon<void>
  restart(changes?: Pick<RestartOptions, 'ip' | 'version'>): Promise<unknown>
  /** From now on main throws: of a biz, a `name:version`, or of what is behind a URL. What it says contains `message`. */
  refuse(what: string, message: string): void
  accept(what: string): void
  /** Cuts the network until `rejoin`. */
  cutOff(): void
  rejoin(): void
}

/** Commands that say what they want: clearing what an older controller left retained reaches a live base as empty ones. */
export const commandsOf = (base: Base, kind: string): readonly ReceivedCommand[] =>
  base.commandsReceived.filter(command => command.kind === kind && command.name !== '')

/** `biz1:0.0.1 activated`, in alphabetical order. */
export const runs = async (base: Base): Promise<readonly string[]> =>
  (await base.bizs()).map(({ name, version, state }) => `${name}:${version} ${state}`).sort()
