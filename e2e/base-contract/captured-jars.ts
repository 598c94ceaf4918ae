import { BROKEN_ON_PURPOSE, type Jar, readJar } from '../base-simulator/jars.ts'

/** What stood behind the URLs of the captures: a folder of jars, a server that never answers, two of TLS. */
export const captureJars =
  (trusted: boolean) =>
  (url: string): Jar | undefined =>
    webJar(url) ?? behindServer(url, trusted) ?? ofFolder(url)

function behindServer(url: string, trusted: boolean): Jar | undefined {
  if (url.includes(':18382/')) return { kind: 'hangs' }
  if (url.startsWith('https://127.0.0.1:18381/')) {
    return unreadable('javax.net.ssl.SSLException', 'Unsupported or unrecognized SSL message')
  }
  return url.startsWith('https://127.0.0.1:18385/') && !trusted ? unknownCa : undefined
}

function ofFolder(url: string): Jar | undefined {
  if (url.endsWith('/notabiz.jar')) return { kind: 'notABiz' }
  if (url.endsWith('/notajar.jar')) return unreadable('java.util.zip.ZipException', 'zip END header not found')
  if (url.endsWith('/nothere.jar')) return unreadable('java.io.FileNotFoundException', url)
  if (url.endsWith('/broken-0.0.1.jar')) {
    return { kind: 'biz', name: 'broken', version: '0.0.1', sleepMs: 0, throws: BROKEN_ON_PURPOSE }
  }
  return /\/(biz[3-8])-0\.0\.1\.jar$/.test(url) ? repacked(url) : undefined
}

const unreadable = (type: string, message: string): Jar => ({ kind: 'unreadable', exception: { type, message } })

const NO_PATH = 'unable to find valid certification path to requested target'
const BUILDER = 'sun.security.provider.certpath.SunCertPathBuilderException'
const unknownCa: Jar = {
  kind: 'unreadable',
  exception: {
    type: 'javax.net.ssl.SSLHandshakeException',
    message: `PKIX path building failed: ${BUILDER}: ${NO_PATH}`,
    cause: { type: BUILDER, message: NO_PATH },
  },
}

/** Those jars were made of that of biz1, and say its path. */
const repacked = (url: string): Jar => {
  const jar = readJar(url, {})
  return jar.kind === 'biz' ? { ...jar, webContextPath: 'biz1' } : jar
}

/** The jars of captures 170 to 238, as the conventions of the simulator say them. */
const WEB_JARS: Readonly<Record<string, string>> = {
  biz1: 'webContextPath=/biz1',
  'biz1-3.0.0': 'webContextPath=/biz1&failing=cannot reach database db.example:3306',
  'biz1-4.0.0': 'webContextPath=/biz1-4',
  'biz1-5.0.0': 'webContextPath=/biz2',
  biz2: 'webContextPath=/biz2',
  twin: 'webContextPath=/biz1',
  rooted: 'webContextPath=',
  bare: 'webContextPath=bare',
  'bare-3.0.0': 'webContextPath=/bare',
  deaf: 'webContextPath=/deaf&dropArgs',
  mvc: 'webContextPath=/mvc&mvc',
  port: 'bind=port:18799',
  mbean: 'bind=mbean:com.example:type=Count',
  lock: 'bind=lock',
  rmi: 'bind=rmi',
  lib: 'bind=lib:/usr/lib/x86_64-linux-gnu/libz.so.1.2.13',
}

function webJar(url: string): Jar | undefined {
  const [, biz = '', name = ''] = /^file:\/\/\/lab\/\w+\/jars\/((\w+)-[\d.]+)\.jar$/.exec(url) ?? []
  const says = WEB_JARS[biz] ?? WEB_JARS[name]
  return says === undefined ? undefined : readJar(`${url}?${says}`, {})
}
