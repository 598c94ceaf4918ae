import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../cluster/eventually.ts'
import { Processes } from './processes.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'koupleless-processes-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('all are ended, and their folder is gone', async () => {
  const processes = new Processes(folder)
  await processes.start('one', 'sleep', ['600'])
  await processes.start('two', 'sleep', ['600'])
  const pids = [processes.pid('one') ?? 0, processes.pid('two') ?? 0]
  expect(pids.every(isAlive)).toBe(true)
  await processes[Symbol.asyncDispose]()
  expect(pids.filter(isAlive)).toEqual([])
  expect(existsSync(folder)).toBe(false)
  await processes[Symbol.asyncDispose]() // twice is once
})

test('one that ends by itself is told, with the end of what it said', async () => {
  await using processes = new Processes(folder)
  await processes.start('failing', 'sh', ['-c', 'echo no such flag >&2; exit 3'])
  await eventually('it ended', () => (processes.pid('failing') === undefined ? true : undefined))
  await expect(processes.mustRun('failing')).rejects.toThrow(/failing ended \(3\)[\s\S]*no such flag/)
  await expect(processes.start('none', join(folder, 'no-such-program'), [])).rejects.toThrow(/ENOENT/)
})

/** Starts a sleeper as we do, in a process of its own that can be killed. */
async function anotherOfUs(): Promise<{ readonly child: ChildProcess; readonly sleeper: number }> {
  const module = join(import.meta.dirname, 'processes.ts')
  const program = `
    const { Processes } = await import(${JSON.stringify(module)})
    const processes = new Processes(${JSON.stringify(folder)})
    await processes.start('ended', 'true', [])
    await processes.start('sleeper', 'sleep', ['600'])
    process.stdout.write(String(processes.pid('sleeper')) + '\\n')
    setInterval(() => undefined, 60_000)
  `
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, sleeper: Number(line.toString()) }
}

test('where we are killed, what we started ends all the same and the folder goes', async () => {
  const { child, sleeper } = await anotherOfUs()
  expect(isAlive(sleeper)).toBe(true)
  child.kill('SIGKILL')
  await eventually('the sleeper ended', () => !isAlive(sleeper) || undefined)
  await eventually('the folder is gone', () => !existsSync(folder) || undefined)
})
