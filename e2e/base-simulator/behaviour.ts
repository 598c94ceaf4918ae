import type { Jar, JarCatalogue } from './jars.ts'
import { readJar } from './jars.ts'

/** Milliseconds, or how to tell them from the biz. */
export type Pace = number | ((bizName: string, version: string) => number)

export interface BehaviourOptions {
  /** From the download to the return of main. Default: 300-500, as measured on a real base. */
  readonly installMs?: Pace
  /** Default: 5-90. */
  readonly uninstallMs?: Pace
  readonly metaspacePerModuleBytes?: Pace
  readonly jars?: JarCatalogue
}

const DEFAULT_METASPACE_BYTES = 550_000

/** What a test may tell a base to do to modules. It outlives a restart: a broken jar is broken for the next process too. */
export class Behaviour {
  installMs: Pace
  uninstallMs: Pace
  readonly #metaspaceBytes: Pace
  readonly #jars: JarCatalogue | undefined
  /** bizName → what its main throws. */
  readonly #refused = new Map<string, string>()
  /** URLs, or names of bizs, whose download never ends. */
  readonly #hung = new Set<string>()

  constructor(options: BehaviourOptions, random: () => number) {
    this.installMs = options.installMs ?? (() => 300 + 200 * random())
    this.uninstallMs = options.uninstallMs ?? (() => 5 + 85 * random())
    this.#metaspaceBytes = options.metaspacePerModuleBytes ?? DEFAULT_METASPACE_BYTES
    this.#jars = options.jars
  }

  /** `what`: a biz name, a `name:version` or a URL. */
  refuse(what: string, message = `${what} refused on purpose`): void {
    this.#refused.set(what, message)
  }

  hang(urlOrBizName: string): void {
    this.#hung.add(urlOrBizName)
  }

  /** Ends both for what comes from now on; a download that hangs already hangs for ever. */
  accept(urlOrBizName: string): void {
    this.#refused.delete(urlOrBizName)
    this.#hung.delete(urlOrBizName)
  }

  /** As `accept`, of all that was refused or hung. */
  forgive(): void {
    this.#refused.clear()
    this.#hung.clear()
  }

  read(url: string, asked: { readonly name?: string; readonly version?: string }): Jar {
    const jar = readJar(url, asked, this.#jars)
    if (this.#hung.has(url) || this.#hung.has(asked.name ?? '')) return { kind: 'hangs' }
    if (jar.kind !== 'biz') return jar
    if (this.#hung.has(jar.name)) return { kind: 'hangs' }
    const throws = this.#refusalOf(jar.name, jar.version, url)
    if (throws === undefined) return jar
    // A web module breaks as most do: a bean fails, and its path is asked for before.
    return jar.web ? { ...jar, failing: throws } : { ...jar, throws }
  }

  #refusalOf(name: string, version: string, url: string): string | undefined {
    return this.#refused.get(name) ?? this.#refused.get(`${name}:${version}`) ?? this.#refused.get(url)
  }

  metaspaceBytes(bizName: string, version: string): number {
    return paceOf(this.#metaspaceBytes, bizName, version)
  }
}

export const paceOf = (pace: Pace, bizName: string, version: string): number =>
  typeof pace === 'number' ? pace : pace(bizName, version)
