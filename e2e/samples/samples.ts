import { createHash } from 'node:crypto'
import { access, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join, relative, sep } from 'node:path'
import { buildLock } from '../control-plane/build-lock.ts'
import { NotToBeHad } from '../control-plane/not-to-be-had.ts'
import { showProgress } from '../control-plane/progress.ts'
import { findJdk, type Jdk } from '../tools/find-jdk.ts'
import { mavenPackage } from './maven.ts'

const SOURCES = join(import.meta.dirname, '..', '..', 'samples')
/** What Maven reads; what is beside it is for Kubernetes and for people. */
const BUILT_FROM = ['pom.xml', 'base/pom.xml', 'base/src', 'modules']

/** Where Maven leaves each jar, and its name as a URL should show it. */
const JARS = {
  'base.jar': 'base/target/base-without-web-plugin.jar',
  'web-base.jar': 'base/target/base.jar',
  'biz1-0.0.1.jar': 'modules/biz1/target/biz1-0.0.1-ark-biz.jar',
  'biz1-0.0.2.jar': 'modules/biz1/target/biz1-0.0.2-ark-biz-next.jar',
  'biz2-0.0.1.jar': 'modules/biz2/target/biz2-0.0.1-ark-biz.jar',
  'broken-0.0.1.jar': 'modules/broken/target/broken-0.0.1-ark-biz.jar',
  'slow-0.0.1.jar': 'modules/slow/target/slow-0.0.1-ark-biz.jar',
  'biz1-web-single-host-0.0.1-SNAPSHOT.jar':
    'modules/biz1-web-single-host/target/biz1-web-single-host-0.0.1-SNAPSHOT-ark-biz.jar',
  'biz1-web-single-host-0.0.2-SNAPSHOT.jar':
    'modules/biz1-web-single-host/target/biz1-web-single-host-0.0.2-SNAPSHOT-ark-biz-next.jar',
  'biz1-web-single-host-0.0.3-SNAPSHOT.jar': 'modules/web-faults/target/failing-ark-biz.jar',
  'biz1-web-single-host-0.0.4-SNAPSHOT.jar': 'modules/web-faults/target/deaf-ark-biz-deaf.jar',
  'port-0.0.1.jar': 'modules/port/target/port-0.0.1-ark-biz.jar',
} as const
export type SampleJar = keyof typeof JARS
/** One source tree, two bases: modules of the second may be web applications of their own. */
export type BaseJar = Extract<SampleJar, 'base.jar' | 'web-base.jar'>

/** The base and the modules of `samples/`, built. */
export interface Samples {
  readonly jdk: Jdk
  /** Holds the jars under their names and nothing else. */
  readonly folder: string
  path(jar: SampleJar): string
}

const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'koupleless-module-controller', 'samples')

/**
 * From the cache, or by Maven where the sources changed since: a minute the first time, then milliseconds.
 * @throws NotToBeHad where there is no JDK, no Maven, or a repository refuses an artifact
 */
export async function buildSamples(): Promise<Samples> {
  const found = await findJdk()
  if (!found.ok) throw new NotToBeHad(found.how)
  const folder = join(cacheFolder(), await hashOfSources())
  if (!(await isComplete(folder))) await build(found.jdk, folder)
  return { jdk: found.jdk, folder, path: jar => join(folder, jar) }
}

async function build(jdk: Jdk, folder: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true })
  await using _lock = await buildLock(`${folder}.lock`)
  if (await isComplete(folder)) return
  using progress = showProgress('building the sample bases and their modules with Maven (once, about a minute)')
  const work = await mkdtemp(`${folder}.making-`)
  try {
    for (const part of BUILT_FROM)
      await cp(join(SOURCES, part), join(work, part), { recursive: true, filter: isSource })
    await mavenPackage(jdk.mvn, { folder: work }, progress)
    await mavenPackage(jdk.mvn, { folder: join(work, 'base'), profile: 'without-web-plugin' }, progress)
    await collect(work, folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Made aside and renamed into place: a run that was cut off leaves nothing half-made behind. */
async function collect(work: string, folder: string): Promise<void> {
  const collected = join(work, 'jars')
  await mkdir(collected)
  for (const [name, made] of Object.entries(JARS)) await copyFile(join(work, made), join(collected, name))
  await rm(folder, { recursive: true, force: true })
  await rename(collected, folder)
}

const isComplete = (folder: string): Promise<boolean> =>
  Promise.all(Object.keys(JARS).map(name => access(join(folder, name)))).then(
    () => true,
    () => false,
  )

/** Somebody may have built by hand. */
const isSource = (path: string): boolean => basename(path) !== 'target'

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(JARS))
  for (const file of (await Promise.all(BUILT_FROM.map(part => filesIn(join(SOURCES, part))))).flat().sort()) {
    hash.update(`${relative(SOURCES, file).split(sep).join('/')}\0`).update(await readFile(file))
  }
  return hash.digest('hex').slice(0, 12)
}

async function filesIn(path: string): Promise<readonly string[]> {
  if (!isSource(path)) return []
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined)
  if (!entries) return [path]
  return (await Promise.all(entries.map(entry => filesIn(join(path, entry.name))))).flat()
}
