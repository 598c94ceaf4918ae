import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createAuthority } from '../control-plane/certificates.ts'
import { JarYard } from '../java-base/jar-yard.ts'
import type { Samples } from '../samples/samples.ts'

const run = promisify(execFile)

/** What stood behind the URLs of the captures. */
const JARS_AS_CAPTURED = 'file:///srv/koupleless/jars'
const FOLDER_AS_CAPTURED = '/srv/koupleless/jars'
const SERVERS_AS_CAPTURED = { plain: 18381, hanging: 18382, redirecting: 18383, tls: 18385 } as const
type ServerName = keyof typeof SERVERS_AS_CAPTURED

const BIZS = ['biz1:0.0.1', 'biz1:0.0.2', 'biz2:0.0.1', 'biz2:0.0.2']
const MORE_BIZS = ['biz3', 'biz4', 'biz5', 'biz6', 'biz7', 'biz8'].map(name => `${name}:0.0.1`)
const AT_ONCE = ['sleep=0', 'stop-sleep=0', 'stop-throws=false']
const PASSWORD = 'changeit'

/** The jars and servers of the captures, made again: here they have other paths and ports, and texts are turned to and fro. */
export class CapturePlace implements AsyncDisposable {
  readonly samples: Samples
  /** Trusts the CA of the TLS server. */
  readonly trustStore: Readonly<Record<string, string>>
  readonly #folder: string
  readonly #servers: Readonly<Record<ServerName, Server>>
  readonly #yard: JarYard

  private constructor(samples: Samples, folder: string, servers: Record<ServerName, Server>, yard: JarYard) {
    this.samples = samples
    this.#folder = folder
    this.#servers = servers
    this.#yard = yard
    this.trustStore = {
      'javax.net.ssl.trustStore': join(folder, 'trust.p12'),
      'javax.net.ssl.trustStoreType': 'PKCS12',
      'javax.net.ssl.trustStorePassword': PASSWORD,
    }
  }

  static async open(samples: Samples): Promise<CapturePlace> {
    const folder = await mkdtemp(join(tmpdir(), 'koupleless-captures-'))
    const yard = await JarYard.open(samples)
    await makeJars(yard, samples, join(folder, 'jars'))
    const servers = await openServers(join(folder, 'jars'), join(folder, 'ca.pem'))
    const store = ['-keystore', join(folder, 'trust.p12'), '-storetype', 'PKCS12', '-storepass', PASSWORD]
    const keytool = join(dirname(samples.jdk.java), 'keytool')
    await run(keytool, ['-importcert', '-noprompt', '-alias', 'ca', '-file', join(folder, 'ca.pem'), ...store])
    return new CapturePlace(samples, folder, servers, yard)
  }

  /** A captured text, as it has to be here. */
  here(captured: string): string {
    const text = captured
      .replaceAll(JARS_AS_CAPTURED, `file://${this.#jars}`)
      .replaceAll(FOLDER_AS_CAPTURED, this.#jars)
    return this.#ports.reduce((all, [was, is]) => all.replaceAll(`127.0.0.1:${was}`, `127.0.0.1:${is}`), text)
  }

  /** What was said here, as it would have been captured. */
  asCaptured(said: string): string {
    const text = said.replaceAll(this.#jars, FOLDER_AS_CAPTURED)
    return this.#ports.reduce((all, [was, is]) => all.replaceAll(`127.0.0.1:${is}`, `127.0.0.1:${was}`), text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of Object.values(this.#servers)) {
      server.close()
      server.closeAllConnections()
    }
    await this.#yard[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }

  get #jars(): string {
    return join(this.#folder, 'jars')
  }

  get #ports(): readonly (readonly [number, number])[] {
    return Object.entries(this.#servers).map(([name, server]) => [
      SERVERS_AS_CAPTURED[name as ServerName],
      (server.address() as AddressInfo).port,
    ])
  }
}

async function makeJars(yard: JarYard, samples: Samples, folder: string): Promise<void> {
  await mkdir(folder)
  for (const key of [...BIZS, ...MORE_BIZS]) {
    const [name = '', version = ''] = key.split(':')
    const jar = await yard.jar({ name, version, from: 'slow-0.0.1.jar', properties: AT_ONCE })
    await copyFile(jar, join(folder, `${name}-${version}.jar`))
  }
  await copyFile(samples.path('broken-0.0.1.jar'), join(folder, 'broken-0.0.1.jar'))
  const text = join(folder, 'notajar.jar')
  await writeFile(text, 'this is no zip\n')
  await run(samples.jdk.jar, ['--create', '--file', join(folder, 'notabiz.jar'), '-C', folder, 'notajar.jar'])
}

async function openServers(jars: string, caFile: string): Promise<Record<ServerName, Server>> {
  const authority = await createAuthority()
  await writeFile(caFile, authority.cert)
  const { cert, key } = await authority.issue('jars')
  const serve: RequestListener = ({ url = '' }, response) => {
    readFile(join(jars, url.slice(url.lastIndexOf('/') + 1))).then(
      jar => response.end(jar),
      () => response.writeHead(404).end(),
    )
  }
  const plain = await listening(createServer(serve))
  const redirect: RequestListener = ({ url = '' }, response) => {
    const location = `http://127.0.0.1:${(plain.address() as AddressInfo).port}${url}`
    response.writeHead(302, { location }).end()
  }
  return {
    plain,
    hanging: await listening(createServer(() => undefined)),
    redirecting: await listening(createServer(redirect)),
    tls: await listening(createTlsServer({ cert, key }, serve)),
  }
}

async function listening(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
