import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../cluster/eventually.ts'
import { buildLock } from '../control-plane/build-lock.ts'
import { freePort } from '../control-plane/free-port.ts'
import { showProgress } from '../control-plane/progress.ts'
import type { BaseJar, Samples } from './samples.ts'

const run = promisify(execFile)

const MAIN = 'com.example.base.Base'
const ARCHIVE = 'base.jsa'

interface Unpacked {
  readonly jar: BaseJar
  readonly folder: string
}

/**
 * How `java` starts a base from its unpacked jar with an archive of its classes: the same classes, for half the CPU time.
 * A JVM that does not like the archive goes without. Made once, in a run of the base with no broker.
 */
export async function archivedBase(samples: Samples, jar: BaseJar): Promise<readonly string[]> {
  const folder = `${samples.folder}-${jar.replace('.jar', '')}-unpacked`
  const isMade = (): Promise<boolean> =>
    access(join(folder, ARCHIVE)).then(
      () => true,
      () => false,
    )
  if (!(await isMade())) {
    await using _lock = await buildLock(`${folder}.lock`)
    if (!(await isMade())) await make(samples, { jar, folder })
  }
  return [`-XX:SharedArchiveFile=${join(folder, ARCHIVE)}`, ...(await command(folder))]
}

async function command(folder: string): Promise<readonly string[]> {
  const libraries = (await readdir(join(folder, 'BOOT-INF', 'lib'))).sort()
  const path = ['app.jar', ...libraries.map(name => join('BOOT-INF', 'lib', name))].map(name => join(folder, name))
  return ['-cp', path.join(':'), MAIN]
}

/** The archive knows the paths of its jars: it is made where they stay. */
async function make(samples: Samples, { jar: base, folder }: Unpacked): Promise<void> {
  using _progress = showProgress(`archiving the classes of ${base}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  const { jar } = samples.jdk
  await run(jar, ['--extract', '--file', samples.path(base)], { cwd: folder })
  await run(jar, ['--create', '--file', 'app.jar', '-C', join('BOOT-INF', 'classes'), '.'], { cwd: folder })
  const making = join(folder, `${ARCHIVE}.making`)
  await learn(samples, [`-XX:ArchiveClassesAtExit=${making}`, '-Xlog:cds=off', ...(await command(folder))])
  await rename(making, join(folder, ARCHIVE))
}

/** Starts it, and stops it as soon as it serves: it writes the archive on its way out. */
async function learn(samples: Samples, args: readonly string[]): Promise<void> {
  const port = await freePort()
  const temporary = await mkdtemp(join(tmpdir(), 'koupleless-archive-'))
  const properties = {
    'server.address': '127.0.0.1',
    'server.port': port,
    'java.io.tmpdir': temporary,
    // Port 1 refuses: no base of ours is to appear at a broker that happens to be here.
    'koupleless.arklet.mqtt.port': 1,
  }
  const flags = Object.entries(properties).map(([key, value]) => `-D${key}=${value}`)
  const child = spawn(samples.jdk.java, [...flags, ...args], { stdio: 'ignore' })
  try {
    await eventually(
      'the base serves',
      async () => hasEnded(child) || (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
      120_000,
    )
  } finally {
    if (!hasEnded(child)) {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
    await rm(temporary, { recursive: true, force: true })
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null
