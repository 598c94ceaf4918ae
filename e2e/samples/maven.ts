import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { NotToBeHad } from '../control-plane/not-to-be-had.ts'
import type { Progress } from '../control-plane/progress.ts'

const KEPT_LINES = 200

export interface Build {
  readonly folder: string
  readonly profile?: string
}

/**
 * `mvn package`, showing what it is at.
 * @throws NotToBeHad naming what a repository refused; Error with the end of Maven's words for any other fault
 */
export async function mavenPackage(mvn: string, { folder, profile }: Build, progress: Progress): Promise<void> {
  const args = ['--batch-mode', ...(profile ? [`--activate-profiles=${profile}`] : []), 'package']
  const child = spawn(mvn, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const read = (stream: NodeJS.ReadableStream): void => {
    createInterface({ input: stream }).on('line', line => {
      lines.push(line)
      if (lines.length > KEPT_LINES) lines.shift()
      const doing = doingNow(line)
      if (doing) progress.say(doing)
    })
  }
  read(child.stdout)
  read(child.stderr)
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => resolve(exitCode ?? signal ?? 'unknown'))
  })
  if (code !== 0) throw faultOf(lines, code)
}

/** `Building base 1.1.1`, `fetching sofa-ark-all-3.1.7.jar`. */
export function doingNow(line: string): string | undefined {
  const fetched = /Downloading from [^:]+: \S*\/([^/\s]+)$/.exec(line)?.[1]
  if (fetched) return `fetching ${fetched}`
  return /\[INFO\] (Building \S+ \d\S*)/.exec(line)?.[1]
}

const REFUSED = /Could not (?:find|transfer) (?:artifact|metadata) .*/

/** What people can act on, in one line; what else went wrong is a fault of the sources or of Maven. */
export function faultOf(lines: readonly string[], code: number | string): Error {
  const errors = lines.filter(line => line.startsWith('[ERROR]')).map(line => line.slice('[ERROR] '.length))
  const refused = errors.map(line => REFUSED.exec(line)?.[0]).find(Boolean)
  if (refused) {
    const how = 'see that Maven reaches a repository that has it (~/.m2/settings.xml names mirrors and proxies)'
    return new NotToBeHad(`the samples cannot be built: ${withoutHelp(refused)}; ${how}`)
  }
  return new Error(`mvn package ended with ${code}: ${errors.map(withoutHelp).slice(0, 5).join('\n') || lines.at(-1)}`)
}

const withoutHelp = (line: string): string => line.replace(/ -> \[Help \d+\].*/, '')
