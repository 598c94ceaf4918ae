import type { JavaException } from './java-exception.ts'
import type { Taken } from './only-once.ts'

/** What a base finds behind a bizUrl. */
export type Jar =
  | BizJar
  /** A zip that opens but has no Ark-Biz-Name. */
  | { readonly kind: 'notABiz' }
  /** A server that takes the connection and never answers: the JVM waits for ever. */
  | { readonly kind: 'hangs' }
  | { readonly kind: 'unreadable'; readonly exception: JavaException }

export interface BizJar {
  readonly kind: 'biz'
  readonly name: string
  readonly version: string
  /** What its main throws, if it does. */
  readonly throws?: string
  /** What its main takes beyond the install time of the base. */
  readonly sleepMs: number
  /** As its manifest spells it. Default: its name. */
  readonly webContextPath?: string
  /** It wants a web server, where the base has one. */
  readonly web?: WebPart
  /** What one of its beans throws: later than main, when its path is taken. */
  readonly failing?: string
  /** What one of its beans takes for itself. */
  readonly binds?: Taken
}

export interface WebPart {
  /** `server.servlet.context-path` of its application.properties. */
  readonly property?: string
  /** Its main is `SpringApplication.run(Main.class)`: no argument reaches Spring. */
  readonly dropsArgs: boolean
  /** `@EnableWebMvc`: it cannot start without a web server (on Tomcat; WebFlux has no such thing). */
  readonly mvc: boolean
}

/** Looked at before the conventions; undefined leaves the URL to them. */
export type JarCatalogue = (url: string) => Jar | undefined

interface Asked {
  readonly name?: string
  readonly version?: string
}

const SCHEMES = new Set(['http:', 'https:', 'file:', 'ftp:', 'jar:'])
/** `biz1-0.0.1.jar`, `biz1-0.0.1-SNAPSHOT-ark-biz.jar`; a file name of more words tells nothing about the manifest. */
const FILE_NAME = /^([A-Za-z][\w.]*)-(\d[\w.]*(?:-SNAPSHOT|-RC\d*)?)(?:-ark-biz)?\.jar$/
export const BROKEN_ON_PURPOSE = 'broken on purpose: cannot reach database db.example:3306'

const DATABASE_GONE = 'cannot reach database db.example:3306'

const unreadable = (type: string, message: string): Jar => ({ kind: 'unreadable', exception: { type, message } })

/**
 * Conventions, so that a test says in the URL what it wants:
 * - name and version by the file name (`biz1-0.0.1.jar`), else as asked;
 * - `?manifest=name:version` says what the manifest says;
 * - `?broken`, `?broken=message`, or a file called `broken-<version>.jar`: main throws; `?sleep=3000`: main takes that long;
 * - `?failing=message`: a bean throws; `?bind=port:18799`, `mbean:<name>`, `lock:<file>`, `rmi`, `lib:<file>`: a bean takes
 *   what a JVM has only once;
 * - `?web` or `?webContextPath=/biz1`: it is a web module; `?property=/elsewhere` is where it really answers, `?dropArgs`,
 *   `?mvc`: see WebPart;
 * - `?hang`, `?missing`, `?not-a-jar`, `?not-a-biz`, each also as a folder in the path (`/broken/biz1-0.0.2.jar`);
 * - host `*.invalid` is unknown, port 1 refuses, any scheme that Java does not know fails.
 */
export function readJar(url: string, asked: Asked, catalogue?: JarCatalogue): Jar {
  const known = catalogue?.(url)
  if (known) return known
  const parsed = parseUrl(url)
  if (!(parsed instanceof URL)) return parsed
  return unreachable(parsed, url) ?? spoiled(parsed) ?? bizOf(parsed, asked)
}

function parseUrl(url: string): URL | Jar {
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(url)) return unreadable('java.net.MalformedURLException', `no protocol: ${url}`)
  const scheme = url.slice(0, url.indexOf(':') + 1).toLowerCase()
  if (!SCHEMES.has(scheme)) {
    return unreadable('java.net.MalformedURLException', `unknown protocol: ${scheme.slice(0, -1)}`)
  }
  return URL.canParse(url) ? new URL(url) : unreadable('java.net.MalformedURLException', `Illegal character in ${url}`)
}

const says = (url: URL, word: string): boolean =>
  url.searchParams.has(word) || url.pathname.split('/').slice(0, -1).includes(word)

function unreachable(url: URL, spelled: string): Jar | undefined {
  if (url.hostname.endsWith('.invalid')) return unreadable('java.net.UnknownHostException', url.hostname)
  if (url.port === '1') return unreadable('java.net.ConnectException', 'Connection refused')
  if (!says(url, 'missing') && !says(url, 'nowhere')) return undefined
  const what = url.protocol === 'file:' ? `${decodeURI(url.pathname)} (No such file or directory)` : spelled
  return unreadable('java.io.FileNotFoundException', what)
}

function spoiled(url: URL): Jar | undefined {
  if (says(url, 'hang')) return { kind: 'hangs' }
  if (says(url, 'not-a-biz')) return { kind: 'notABiz' }
  const isDirectory = url.pathname.endsWith('/')
  if (isDirectory || says(url, 'not-a-jar')) {
    return unreadable('java.util.zip.ZipException', 'zip END header not found')
  }
  return undefined
}

function bizOf(url: URL, asked: Asked): Jar {
  const fileName = url.pathname.slice(url.pathname.lastIndexOf('/') + 1)
  const [, fileBiz, fileVersion] = FILE_NAME.exec(fileName) ?? []
  const [saidBiz, saidVersion] = url.searchParams.get('manifest')?.split(':') ?? []
  const name = firstSaid(saidBiz, fileBiz, asked.name)
  const version = firstSaid(saidVersion, fileVersion, asked.version)
  if (!name || !version) return { kind: 'notABiz' }
  const sleepMs = Number(url.searchParams.get('sleep')) || 0
  const isBroken = says(url, 'broken') || fileBiz === 'broken'
  return { kind: 'biz', name, version, sleepMs, ...(isBroken && { throws: whatIsThrown(url) }), ...beansOf(url) }
}

function beansOf({ searchParams }: URL): Pick<BizJar, 'webContextPath' | 'web' | 'failing' | 'binds'> {
  const said = (word: string): string | undefined => searchParams.get(word) ?? undefined
  const [webContextPath, property, failing] = [said('webContextPath'), said('property'), said('failing')]
  const isWeb = ['web', 'webContextPath', 'property', 'dropArgs', 'mvc'].some(word => searchParams.has(word))
  const web = { ...(property && { property }), dropsArgs: searchParams.has('dropArgs'), mvc: searchParams.has('mvc') }
  const taken = takenOf(said('bind'))
  return {
    // The packager writes a slash where it is told nothing (capture 187).
    ...(webContextPath !== undefined && { webContextPath: webContextPath || '/' }),
    ...(isWeb && { web }),
    ...(failing !== undefined && { failing: failing || DATABASE_GONE }),
    ...(taken && { binds: taken }),
  }
}

const TAKEN: Readonly<Record<Taken['kind'], string>> = {
  port: '18799',
  mbean: 'com.example:type=Count',
  lock: 'lock',
  rmi: '',
  lib: '/usr/lib/libz.so',
}
const isTakenKind = (word: string): word is Taken['kind'] => Object.hasOwn(TAKEN, word)

function takenOf(said = ''): Taken | undefined {
  const [kind = '', ...rest] = said.split(':')
  return isTakenKind(kind) ? { kind, what: rest.join(':') || TAKEN[kind] } : undefined
}

const firstSaid = (...said: readonly (string | undefined)[]): string | undefined => said.find(word => word)

const whatIsThrown = (url: URL): string => url.searchParams.get('broken') || BROKEN_ON_PURPOSE
