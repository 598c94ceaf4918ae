/** The operator knows of a base what the base said last, whatever comes late, twice or out of turn: checked after each message. */
import { baseId } from '../../../mqtt-bridge/index.ts'
import type { Composition } from '../../../operator/compose.ts'
import type { BaseRecord } from '../../../reconcilers/registry/base-record.ts'
import type { FaultKind } from '../faults/mix.ts'
import type { Frame } from '../network/connection.ts'
import type { World } from '../world.ts'
import { Told } from './told.ts'
import type { Verdicts } from './verdicts.ts'

/**
 * By these nobody can tell which of two words is the newer, or how much of one is taken. What comes more than a minute late
 * looks as if a clock had been set back.
 */
const UNKNOWABLE: readonly FaultKind[] = ['clockJumps', 'identityShared', 'answerInPart', 'frameDelayed']

interface Base {
  readonly told: Told
  restarts: number
  beganAtMs: number
  /** When the operator last found that what came proves nothing: nobody asked for it. */
  suspectAtMs: number | undefined
}

export class KnowledgeOracle {
  readonly #world: World
  readonly #verdicts: Verdicts
  readonly #tellRestarted: (identity: string) => void
  readonly #bases = new Map<string, Base>()

  /** `tellRestarted`: the operator has understood that a base runs in another JVM. */
  constructor(world: World, verdicts: Verdicts, tellRestarted: (identity: string) => void) {
    this.#world = world
    this.#verdicts = verdicts
    this.#tellRestarted = tellRestarted
  }

  /** Another operator was told nothing yet. */
  forget(): void {
    this.#bases.clear()
  }

  /** The operator has taken in what this frame says. */
  heard(frame: Frame, { registry }: Composition): void {
    if (!this.#world.faults.isFreeOf(UNKNOWABLE)) return
    const [, identity = '', , verb] = frame.topic.split('/')
    const record = registry.get(baseId(identity))
    if (!record) {
      this.#bases.delete(identity)
      return
    }
    const base = this.#base(identity, record)
    const isRestart = record.restarts !== base.restarts
    base.restarts = record.restarts
    if (isRestart) this.#restarted(base, record, verb === 'queryBaseline')
    if (isRestart) this.#tellRestarted(identity)
    const { suspectAtMs } = record.life
    if (suspectAtMs === undefined || suspectAtMs === base.suspectAtMs) base.told.hears(frame)
    base.suspectAtMs = suspectAtMs
    const wrong = base.told.contradicts(statesOf(record)) ?? outlived(record, base.beganAtMs)
    if (wrong) this.#verdicts.object('knowledge', `${identity}: ${wrong}`)
  }

  #base(identity: string, { restarts }: BaseRecord): Base {
    const known = this.#bases.get(identity)
    if (known) return known
    const base = { told: new Told(), restarts, beganAtMs: 0, suspectAtMs: undefined }
    this.#bases.set(identity, base)
    return base
  }

  /** By its first word a JVM tells that it is another one; by its health it may tell long after its first look. */
  #restarted(base: Base, { lastPublishedAtMs }: BaseRecord, isFirstWord: boolean): void {
    base.beganAtMs = this.#world.time.now()
    if (isFirstWord && lastPublishedAtMs.queryBaseline !== undefined) base.told.began(lastPublishedAtMs.queryBaseline)
    else base.told.forget()
  }
}

const statesOf = ({ bizs }: BaseRecord): ReadonlyMap<string, string> =>
  new Map([...bizs].map(([key, { state }]) => [key, state]))

/** A command dies with the JVM that it was sent to. */
function outlived({ flights }: BaseRecord, beganAtMs: number): string | undefined {
  const [old] = [...flights].find(([, { sentAtMs }]) => sentAtMs < beganAtMs) ?? []
  return old && `a command for ${old} is held for running, and was sent to the JVM before`
}
