import { execFile } from 'node:child_process'
import { access, constants, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { note, showProgress } from '../control-plane/progress.ts'

const run = promisify(execFile)

/** Programs that tests need from outside, by the package that has them, and how people get them. */
const TOOLS = {
  mosquitto: { package: 'mosquitto', how: 'apt-get install mosquitto, or brew install mosquitto' },
  openssl: { package: 'openssl', how: 'apt-get install openssl, or brew install openssl' },
} as const
export type ToolName = keyof typeof TOOLS

export type Found = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly how: string }

/** Debian puts servers, and Go's own installer puts Go, where a user's path need not look. */
const ALSO = ['/usr/sbin', '/usr/local/sbin', '/usr/local/go/bin', '/opt/homebrew/bin', '/opt/homebrew/sbin']

export async function onPath(name: string, path = process.env.PATH ?? ''): Promise<string | undefined> {
  for (const folder of new Set([...path.split(delimiter).filter(Boolean), ...ALSO])) {
    const file = join(folder, name)
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  return undefined
}

/** What a way to install needs of the machine, so that a test may hand in another. */
export interface Machine {
  find(name: string): Promise<string | undefined>
  run(program: string, args: readonly string[]): Promise<unknown>
  readonly isRoot: boolean
}
const THIS: Machine = {
  find: onPath,
  run: (program, args) => run(program, [...args], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }),
  isRoot: process.getuid?.() === 0,
}

/** Found on the path, else installed where that is allowed without asking, else how to get it. */
export async function findTool(name: ToolName, machine = THIS): Promise<Found> {
  const present = await machine.find(name)
  if (present) return { ok: true, path: present }
  const tool = TOOLS[name]
  await install(tool.package, machine).catch((error: unknown) => note(`${tool.package}: ${String(error)}`))
  const installed = await machine.find(name)
  return installed ? { ok: true, path: installed } : { ok: false, how: `${name} is not here: ${tool.how}` }
}

async function install(name: string, machine: Machine): Promise<void> {
  using _progress = showProgress(`installing ${name}`)
  const apt = await machine.find('apt-get')
  const brew = await machine.find('brew')
  if (apt) await aptInstall(name, apt, machine)
  else if (brew && !machine.isRoot) await machine.run(brew, ['install', '--quiet', name])
}

type Run = (program: string, ...args: readonly string[]) => Promise<unknown>

/** Root needs no leave, and neither does who may use sudo without a password. */
async function asRoot(machine: Machine): Promise<Run | undefined> {
  if (machine.isRoot) return (program, ...args) => machine.run(program, args)
  const sudo = await machine.find('sudo')
  if (!sudo) return undefined
  const open = await machine.run(sudo, ['-n', 'true']).then(
    () => true,
    () => false,
  )
  const quiet = ['-n', 'env', 'DEBIAN_FRONTEND=noninteractive']
  return open ? (program, ...args) => machine.run(sudo, [...quiet, program, ...args]) : undefined
}

async function aptInstall(name: string, apt: string, machine: Machine): Promise<void> {
  const root = await asRoot(machine)
  if (!root) return
  const patience = ['-o', 'DPkg::Lock::Timeout=120']
  await root(apt, 'update', '-qq', ...patience).catch(() => undefined) // what it knew before may do
  await using _policy = machine.isRoot ? await startNoServices() : undefined
  await root(apt, 'install', '-y', '-qq', '--no-install-recommends', ...patience, name)
  await withoutService(name, machine, root)
}

const POLICY = '/usr/sbin/policy-rc.d'

/** Tests run brokers of their own: the package's service must not start. Debian asks this file; images often have one. */
async function startNoServices(): Promise<AsyncDisposable | undefined> {
  const written = await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    () => false,
  )
  return written ? { [Symbol.asyncDispose]: () => rm(POLICY, { force: true }) } : undefined
}

/** Nor at the next boot. Where there is no such service, or no init system, nothing is to be done. */
async function withoutService(name: string, machine: Machine, root: Run): Promise<void> {
  const systemctl = await machine.find('systemctl')
  if (systemctl) await root(systemctl, 'disable', '--now', '--quiet', name).catch(() => undefined)
}
