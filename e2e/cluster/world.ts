import { inject } from 'vitest'
import type { GivenAnswer } from '../base-simulator/index.ts'
import type { Base } from './base.ts'
import type { OperatorSettings } from './operator-process.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Which bases the journeys are made with: each vitest project says. */
    bases: 'simulated' | 'java'
  }
}

export interface BaseDraft {
  readonly identity?: string
  readonly name?: string
  readonly version?: string
  readonly ip?: string
  /** What it calls its machine; its identity where none is given. */
  readonly hostName?: string
  readonly installMs?: number
  /** The web server that it lends to its modules. */
  readonly webServer?: 'servlet' | 'reactive'
  readonly staticModules?: readonly { readonly name: string; readonly version: string }[]
  /** System properties of a JVM. */
  readonly properties?: Readonly<Record<string, string>>
  /** A JVM as users start it: where it is measured. */
  readonly isFromJar?: boolean
  /** A JVM whose modules may be web applications of their own. */
  readonly isWeb?: boolean
}

/** A draft with what is particular to its journey. */
export type FullDraft = BaseDraft & {
  readonly identity: string
  readonly env: string
  readonly name: string
  readonly version: string
  readonly clusterName: string
  readonly ip: string
}

/** Where the bases of one journey come from. */
export interface World extends AsyncDisposable {
  /** The broker that its operator is to use, where the journey brings none. */
  readonly broker: OperatorSettings['broker']
  /** A manifest whose jars these bases cannot reach, with such as they can. */
  withJarsInReach(manifest: string): string
  start(draft: FullDraft, brokerPort: number): Promise<Base>
  onAnswer(listener: (answer: GivenAnswer) => void): void
}

/** Each kind is loaded only where it is used: the other may not be there. */
export async function openWorld(env: string, broker?: OperatorSettings['broker']): Promise<World> {
  if (inject('bases') === 'java') return (await import('./java-world.ts')).JavaWorld.open(env, broker)
  return new (await import('./simulated-world.ts')).SimulatedWorld(broker)
}
