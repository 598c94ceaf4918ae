import { inJavaMapOrder } from './java-map-order.ts'

export type ArkState = 'RESOLVED' | 'ACTIVATED' | 'DEACTIVATED' | 'BROKEN'

type Reason = 'CREATED' | 'STARTED' | 'SWITCHED' | 'KILLING' | 'INSTALL_FAILED'

export interface StateRecord {
  readonly changeTime: number
  /** Absent, as the reason, on SOFAArk 3.1.4. */
  readonly message?: string
  readonly reason?: Reason
  readonly state: ArkState
}

/** What the manifest of a jar says. */
export interface Manifest {
  readonly name: string
  readonly version: string
  /** As it is spelled there. A property or an argument may put the module elsewhere, and nobody tells. */
  readonly webContextPath: string
}

export interface Biz extends Manifest {
  state: ArkState
  readonly records: StateRecord[]
  readonly metaspaceBytes: number
}

/** System properties of a base that change what SOFAArk does, and its release. */
export interface ArkFlags {
  /** Default 3.1.7. On 3.1.4 records of states carry no reason, and all modules share one Tomcat whatever port they ask for. */
  readonly release?: '3.1.4' | '3.1.7'
  /** `activate.new.module`: a second version becomes the active one. */
  readonly activateNewModule?: boolean
  /** `sofa.ark.activate.multi.biz.version.enable`: several versions are active side by side. */
  readonly multiVersionActive?: boolean
  /** `sofa.ark.auto.uninstall.when.failed.enable=false`: a biz whose main threw stays, BROKEN. */
  readonly keepFailed?: boolean
}

/** SOFAArk's table of bizs and the rules by which they change state. No time passes here: who starts and stops them waits. */
export class Ark {
  readonly #flags: ArkFlags
  readonly #now: () => number
  #bizs: Biz[] = []

  constructor(flags: ArkFlags, now: () => number) {
    this.#flags = flags
    this.#now = now
  }

  get bizs(): readonly Biz[] {
    const names = inJavaMapOrder([...new Set(this.#bizs.map(biz => biz.name))], name => name)
    return names.flatMap(name => inJavaMapOrder(this.versionsOf(name), biz => biz.version))
  }

  find(name: string, version: string): Biz | undefined {
    return this.#bizs.find(biz => biz.name === name && biz.version === version)
  }

  versionsOf(name: string): readonly Biz[] {
    return this.#bizs.filter(biz => biz.name === name)
  }

  get metaspaceBytes(): number {
    return this.#bizs.reduce((sum, biz) => sum + biz.metaspaceBytes, 0)
  }

  /** Undefined where that version is there already, in whatever state. */
  register(manifest: Manifest, metaspaceBytes: number): Biz | undefined {
    if (this.find(manifest.name, manifest.version)) return undefined
    const biz: Biz = { ...manifest, state: 'RESOLVED', records: [], metaspaceBytes }
    this.#enter(biz, 'RESOLVED', 'CREATED')
    this.#bizs.push(biz)
    return biz
  }

  /** Its main has returned. The first of its name to get here is the active one, unless a flag says otherwise. */
  started(biz: Biz): void {
    const active = this.versionsOf(biz.name).find(other => other !== biz && other.state === 'ACTIVATED')
    if (!active || this.#flags.multiVersionActive) {
      this.#enter(biz, 'ACTIVATED', 'STARTED')
      return
    }
    if (!this.#flags.activateNewModule) {
      this.#enter(biz, 'DEACTIVATED', 'STARTED', 'start but is deactivated')
      return
    }
    this.#enter(active, 'DEACTIVATED', 'SWITCHED', `switch to new biz ${biz.name}:${biz.version}`)
    this.#enter(biz, 'ACTIVATED', 'STARTED', `switch from old biz: ${active.name}:${active.version}`)
  }

  /** Its main threw: it vanishes without a trace, unless the base keeps what failed. */
  failed(biz: Biz, stack: string): void {
    if (!this.#flags.keepFailed) {
      this.remove(biz)
      return
    }
    this.#enter(biz, 'BROKEN', 'INSTALL_FAILED', stack)
  }

  stopping(biz: Biz): void {
    this.#enter(biz, 'DEACTIVATED', 'KILLING')
  }

  /** Another version does not become active by it. */
  remove(biz: Biz): void {
    this.#bizs = this.#bizs.filter(other => other !== biz)
  }

  #enter(biz: Biz, state: ArkState, reason: Reason, message = ''): void {
    biz.state = state
    const why = this.#flags.release === '3.1.4' ? {} : { message, reason }
    biz.records.push({ changeTime: this.#now(), ...why, state })
  }
}
