import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onPath } from './find-tool.ts'

const run = promisify(execFile)

/** What a base of `samples/` is compiled for. */
const RELEASE_NEEDED = 17
const HOW = `apt-get install openjdk-${RELEASE_NEEDED}-jdk-headless, or brew install openjdk@${RELEASE_NEEDED}`
const MAVEN_HOW = 'apt-get install maven, or brew install maven'

export interface Jdk {
  readonly java: string
  readonly jar: string
  readonly mvn: string
}
export type FoundJdk = { readonly ok: true; readonly jdk: Jdk } | { readonly ok: false; readonly how: string }

/** What it asks of the machine, so that a test may hand in another. */
export interface JavaMachine {
  readonly javaHome: string | undefined
  /** In these folders, parted as a path is; else on the path. */
  find(name: string, folders?: string): Promise<string | undefined>
  /** What `javac -version` says, as `javac 17.0.15`. */
  versionOf(javac: string): Promise<string>
}

const THIS: JavaMachine = {
  find: onPath,
  javaHome: process.env.JAVA_HOME,
  async versionOf(javac) {
    const { stdout, stderr } = await run(javac, ['-version'])
    return `${stdout}${stderr}`
  },
}

/** `JAVA_HOME` first, as Maven does, else the path. A JRE is not enough: it has no javac. */
export async function findJdk(machine = THIS): Promise<FoundJdk> {
  const folder = machine.javaHome ? join(machine.javaHome, 'bin') : undefined
  const [java, javac, jar] = await Promise.all(['java', 'javac', 'jar'].map(name => machine.find(name, folder)))
  const where = folder ? ` in JAVA_HOME (${machine.javaHome})` : ''
  if (!java || !javac || !jar) return { ok: false, how: `there is no JDK${where}: ${HOW}` }
  const said = await machine.versionOf(javac)
  const release = Number(/javac (\d+)/.exec(said)?.[1])
  if (!(release >= RELEASE_NEEDED))
    return { ok: false, how: `the JDK${where} is too old (${said.trim()}, ${RELEASE_NEEDED} needed): ${HOW}` }
  const mvn = await machine.find('mvn')
  return mvn ? { ok: true, jdk: { java, jar, mvn } } : { ok: false, how: `there is no Maven (mvn): ${MAVEN_HOW}` }
}
