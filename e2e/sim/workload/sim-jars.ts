/**
 * What is in the jars of one world: by biz and version, the words that the simulated base reads in a URL. They stand in a folder
 * of its path, since an operator shows no query: `http://jars.example/~webContextPath=cart;dropArgs/cart-1.0.0.jar`.
 */
import { type BizJar, type Jar, readJar, realPathOf, type WebServerKind } from '../../base-simulator/index.ts'
import type { SeededRng } from '../rng.ts'
import type { ModuleWish } from './module-pods.ts'

const BIZS = ['cart', 'pay', 'search', 'user'] as const

/** How modules are made, and how often. */
const SHARES = {
  plain: 3,
  web: 6,
  dropsArgs: 2,
  mvc: 1,
  webAndPort: 1,
  /** One version spells its path otherwise: another name for the same path (captures 208, 209). */
  spelledAnew: 1,
  byProperty: 1,
  port: 1,
  mbean: 1,
  lock: 1,
  /** It wants the path of another. */
  twin: 1,
} as const
type Make = keyof typeof SHARES
const MAKES = (Object.entries(SHARES) as [Make, number][]).flatMap(([make, share]) => Array<Make>(share).fill(make))

/** No two names bind one port by chance: the second would never start. */
const PORTS = { known: 18_000, perName: 100, others: 20_000 } as const

function portOf(biz: string, rng: SeededRng): number {
  const nth = (BIZS as readonly string[]).indexOf(biz)
  if (nth < 0) return PORTS.others + rng.integer(0, PORTS.others - 1)
  return PORTS.known + nth * PORTS.perName + rng.integer(0, PORTS.perName - 1)
}

export class SimJars {
  readonly #rng: SeededRng | undefined
  readonly #makes = new Map<string, (version: string) => string>()

  /** Without chance of its own all jars are plain. */
  constructor(rng?: SeededRng) {
    this.#rng = rng
  }

  dressed(wish: ModuleWish): ModuleWish {
    const words = this.#wordsOf(wish.biz, wish.version)
    return words === '' ? wish : { ...wish, words }
  }

  #wordsOf(biz: string, version: string): string {
    // A second container of a Pod; a file name of two words tells no version.
    if (!this.#rng || biz.includes('-')) return ''
    const known = this.#makes.get(biz) ?? makeOf(biz, this.#rng)
    this.#makes.set(biz, known)
    return known(version)
  }
}

/** A manifest says its path with a slash in front or without: all jars of a biz alike, or the one would be another name. */
const spelledBy = (biz: string, rng: SeededRng): string => rng.fork(`${biz} spelled`).pick([biz, biz, `%2F${biz}`])

const madeAs = (rng: SeededRng): Make => rng.pick(MAKES) ?? 'plain'

function makeOf(biz: string, chance: SeededRng): (version: string) => string {
  const rng = chance.fork(biz)
  const make = madeAs(rng)
  const spelled = spelledBy(biz, chance)
  const port = portOf(biz, rng)
  const other = rng.pick(BIZS.filter(name => madeAs(chance.fork(name)) !== 'spelledAnew')) ?? biz
  const words: Readonly<Record<Make, string>> = {
    plain: '',
    web: `webContextPath=${spelled}`,
    dropsArgs: `webContextPath=${spelled};dropArgs`,
    mvc: `webContextPath=${spelled};mvc`,
    webAndPort: `webContextPath=${spelled};bind=port:${port}`,
    spelledAnew: `webContextPath=${biz}`,
    byProperty: `webContextPath=${spelled};property=%2F${biz}-real`,
    port: `bind=port:${port}`,
    mbean: `bind=mbean:com.example:type=${biz}`,
    lock: `bind=lock:${biz}`,
    // Spelled as the other spells it in all versions: another name for its path would stand, and take its requests (capture 202).
    twin: `webContextPath=${spelledBy(other, chance)}`,
  }
  return version => (make === 'spelledAnew' && version === '1.1.0' ? `webContextPath=%2F${biz}` : words[make])
}

const WORDS = /\/~([^/]+)\//

/** A catalogue of the simulated base. */
export function simJar(url: string): Jar | undefined {
  const [, words] = WORDS.exec(url) ?? []
  return words === undefined ? undefined : readJar(`${url}?${words.replaceAll(';', '&')}`, {})
}

export function bizJarAt(url: string): BizJar | undefined {
  const jar = simJar(url)
  return jar?.kind === 'biz' ? jar : undefined
}

export interface Asked {
  readonly url: string
  readonly args: readonly string[]
}

/** Where a module answers on a base with such a web server; undefined: nowhere. */
export function pathOf({ url, args }: Asked, webServer: WebServerKind): string | undefined {
  const jar = bizJarAt(url)
  return jar && realPathOf(jar, args, webServer)
}
