import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { SampleJar, Samples } from '../samples/samples.ts'
import { webOrigin } from './web-jars.ts'

const run = promisify(execFile)

export interface Label {
  readonly name: string
  readonly version: string
  /** Its main throws, and says this. */
  readonly reason?: string
  /** Made from that sample. Default: one that answers over HTTP; with a reason `broken`. */
  readonly from?: SampleJar
  /** Default: its name. */
  readonly webContextPath?: string
  /** Lines of its application.properties. */
  readonly properties?: readonly string[]
}

const NAME = /\/([A-Za-z][\w.-]*?)-(\d[^/]*?)(?:-ark-biz)?\.jar$/

/**
 * Real module jars of any name and version, over HTTP and as files: a sample with other words in its manifest. As the
 * simulator's catalogue, `biz1-0.0.1.jar` in any folder is biz1 0.0.1, and a test may spoil what is behind a URL. Names in
 * `web-jars.ts` are made from samples of their own.
 */
export class JarYard implements AsyncDisposable {
  readonly #samples: Samples
  readonly #folder: string
  readonly #server: Server
  readonly #made = new Map<string, Promise<string>>()
  readonly #offered = new Map<string, Label>()
  /** Of whom (empty: of all) → biz, `biz:version` or URL → what its main throws. */
  readonly #refused = new Map<string, Map<string, string>>()
  readonly #hung = new Set<string>()
  readonly #waiting = new Set<ServerResponse>()

  private constructor(samples: Samples, folder: string) {
    this.#samples = samples
    this.#folder = folder
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
    })
  }

  static async open(samples: Samples): Promise<JarYard> {
    const yard = new JarYard(samples, await mkdtemp(join(tmpdir(), 'koupleless-jars-')))
    yard.#server.listen(0, '127.0.0.1')
    await once(yard.#server, 'listening')
    return yard
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  url(name: string, version: string): string {
    return `${this.origin}/${name}-${version}.jar`
  }

  /** Serves a jar with that label under a file name that says something else. @returns its URL */
  offer(fileName: string, label: Label): string {
    this.#offered.set(fileName, label)
    return `${this.origin}/${fileName}`
  }

  /** System properties by which a JVM asks us for what it wants of any host but loopback. */
  get asProxy(): Readonly<Record<string, string>> {
    return { 'http.proxyHost': '127.0.0.1', 'http.proxyPort': new URL(this.origin).port }
  }

  /** From now on main throws, in what this base fetches; without one, in what any fetches. A base tells its name as its user agent. */
  refuse(what: string, reason: string, base = ''): void {
    const refusals = this.#refused.get(base) ?? new Map<string, string>()
    this.#refused.set(base, refusals.set(what, reason))
  }

  /** The download of this URL, or of this biz, never ends. */
  hang(what: string): void {
    this.#hung.add(what)
  }

  accept(what: string, base = ''): void {
    this.#refused.get(base)?.delete(what)
    this.#hung.delete(what)
  }

  /** How many downloads hang now. */
  get hanging(): number {
    return this.#waiting.size
  }

  /** The file of a jar with that label. Made once. */
  jar(label: Label): Promise<string> {
    const key = JSON.stringify(label)
    const made = this.#made.get(key) ?? this.#make(label, this.#made.size)
    this.#made.set(key, made)
    return made
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
    await Promise.allSettled(this.#made.values())
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #serve({ url: asked = '', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = asked.startsWith('/') ? `${this.origin}${asked}` : asked
    const label = this.#offered.get(url.slice(url.lastIndexOf('/') + 1)) ?? labelOf(url)
    const { name, version } = label
    const keys = [url, `${name}:${version}`, name]
    if (keys.some(key => this.#hung.has(key))) return this.#keepWaiting(response)
    const reason = this.#reasonOf(baseOf(headers['user-agent']), keys) ?? this.#reasonOf('', keys)
    if (reason === undefined && !NAME.test(url)) return void response.writeHead(404).end()
    const file = await this.jar(reason === undefined ? label : { name, version, reason })
    response.writeHead(200, { 'content-type': 'application/java-archive' }).end(await readFile(file))
  }

  #keepWaiting(response: ServerResponse): void {
    this.#waiting.add(response)
    response.once('close', () => this.#waiting.delete(response))
  }

  #reasonOf(base: string, keys: readonly string[]): string | undefined {
    const refusals = this.#refused.get(base)
    return keys.map(key => refusals?.get(key)).find(reason => reason !== undefined)
  }

  async #make(label: Label, nth: number): Promise<string> {
    const { name, version, reason } = label
    const origin = { ...webOrigin(label), ...label }
    const template = reason === undefined ? (origin.from ?? 'biz1-0.0.1.jar') : (label.from ?? 'broken-0.0.1.jar')
    const folder = join(this.#folder, String(nth))
    await mkdir(folder)
    const file = join(folder, `${name}-${version}.jar`)
    await copyFile(this.#samples.path(template), file)
    const manifest = join(folder, 'manifest')
    const path = origin.webContextPath ?? name
    const words = [`Ark-Biz-Name: ${name}`, `Ark-Biz-Version: ${version}`, `web-context-path: ${path}`]
    await writeFile(manifest, `${words.join('\n')}\n`)
    const resources = await writeResources(folder, label)
    const parts = resources.flatMap(resource => ['-C', folder, resource])
    await run(this.#samples.jdk.jar, ['--update', '--file', file, '--manifest', manifest, ...parts])
    return file
  }
}

async function writeResources(folder: string, { reason, properties }: Label): Promise<readonly string[]> {
  const resources = {
    ...(reason === undefined ? {} : { 'reason.txt': reason }),
    ...(properties ? { 'application.properties': properties.join('\n') } : {}),
  }
  for (const [name, text] of Object.entries(resources)) await writeFile(join(folder, name), text)
  return Object.keys(resources)
}

/** A name that says nothing is found only where a test spoiled it. */
function labelOf(url: string): Label {
  const [, name = 'broken', version = '0.0.1'] = NAME.exec(url) ?? []
  return { name, version }
}

/** `b1 Java/17.0.15` */
const baseOf = (userAgent = ''): string => userAgent.split(' ')[0] ?? ''
