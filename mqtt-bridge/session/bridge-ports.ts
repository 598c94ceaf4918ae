import type { BaseId, Command, Observation } from '../arklet/vocabulary.ts'
import type { Refusal } from '../errors.ts'
import type { Transport } from '../transport/transport.ts'

/** Our own connection to where bases are met. */
export interface LinkState {
  readonly connected: boolean
  /** Counts connections: grows by one each time the link comes up. 0 before the first. */
  readonly epoch: number
  /** When the present state began. */
  readonly sinceMs: number
  readonly why: string
  /** Connected still, but not with what is on disk by now (certificates, password): why that does not do. */
  readonly renewalFault?: string
}

export interface BridgeOptions {
  readonly env: string
  readonly transport: Transport
  readonly now: () => number
  readonly onObservation: (observation: Observation) => void
  /** A frame that was not let in: counted and logged by its code. */
  readonly onRefused: (refusal: Refusal) => void
  /**
   * On every edge; while down whenever the reason is another; while up when it was renewed or could not be (the same epoch). After an
   * edge up the caller asks every base again: no lost answer matters then.
   */
  readonly onLink: (link: LinkState) => void
  /** After each connection on which an older controller's retained commands were found, or could not be looked for or cleared. */
  readonly onLeftovers?: (told: LeftoversTold) => void
  readonly payloadBytesMax?: number
}

export interface LeftoversTold {
  /** Topics that hold nothing any more. */
  readonly cleared: number
  /** The broker does not let us: why. Not tried again by this process. */
  readonly fault?: string
}

/** Commands out, observations in. Keeps no deadline and awaits no base: an answer is an observation like any other. */
export interface Bridge extends AsyncDisposable {
  readonly link: LinkState
  /**
   * Resolves when the broker has the command. That says nothing about the base.
   * @throws ArkletError NOT_CONNECTED, PUBLISH_TIMEOUT, PUBLISH_FAILED, COMMAND_INVALID
   */
  send(base: BaseId, command: Command): Promise<void>
}
