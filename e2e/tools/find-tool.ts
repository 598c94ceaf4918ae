import { execFile, spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { showProgress } from '../control-plane/progress.ts'

const run = promisify(execFile)

/** A program that tests need from outside, and how people get it. */
interface Tool {
  readonly debianPackage: string
  readonly hint: string
}
const TOOLS = {
  mosquitto: {
    debianPackage: 'mosquitto',
    hint: 'install Mosquitto (Debian: apt-get install mosquitto; macOS: brew install mosquitto)',
  },
} as const satisfies Record<string, Tool>
export type ToolName = keyof typeof TOOLS

export type Found = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly hint: string }

/** Debian puts servers where a user's PATH does not look. */
const SEARCHED = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']

async function onPath(name: string): Promise<string | undefined> {
  for (const folder of SEARCHED) {
    const path = join(folder, name)
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return undefined
}

/** Found on the path, else installed where that is allowed without asking (root and apt-get), else how to get it. */
export async function findTool(name: ToolName): Promise<Found> {
  const tool: Tool = TOOLS[name]
  const present = await onPath(name)
  if (present) return { ok: true, path: present }
  if (process.getuid?.() === 0 && (await onPath('apt-get'))) await aptInstall(tool.debianPackage)
  const installed = await onPath(name)
  return installed ? { ok: true, path: installed } : { ok: false, hint: `${name} is not here: ${tool.hint}` }
}

/** A package's own service must not start: tests run theirs on ports of their own. */
async function aptInstall(debianPackage: string): Promise<void> {
  using _progress = showProgress(`installing ${debianPackage}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const flags = ['-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=120']
  await run('apt-get', ['update', '-qq', ...flags], { env }).catch(() => undefined)
  await new Promise<void>(resolve => {
    const child = spawn('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...flags, debianPackage], {
      env,
      stdio: 'ignore',
    })
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
}
