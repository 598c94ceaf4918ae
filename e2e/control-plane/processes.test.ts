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

test('one that is kept is started again where it ends by itself, and not where it is stopped', async () => {
  await using processes = new Processes(folder)
  await processes.keep('kept', 'sleep', ['600'])
  const first = processes.pid('kept') ?? 0
  process.kill(first, 'SIGKILL')
  const second = await eventually('it runs again', () => {
    const pid = processes.pid('kept')
    return pid === first ? undefined : pid
  })
  await processes.stop('kept')
  expect([first, second].filter(isAlive)).toEqual([])
  expect(processes.pid('kept')).toBeUndefined()
})

/** Starts what `program` starts, in a process of its own that can be killed. It writes the process id. */
async function anotherOfUs(program: string): Promise<{ readonly child: ChildProcess; readonly started: number }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, started: Number(line.toString()) }
}

const SLEEPER = (own: string): string => `
  const { Processes } = await import(${JSON.stringify(join(import.meta.dirname, 'processes.ts'))})
  const processes = new Processes(${JSON.stringify(own)})
  await processes.start('ended', 'true', [])
  await processes.start('sleeper', 'sleep', ['600'])
  console.log(processes.pid('sleeper'))
  setInterval(() => undefined, 60_000)
`

test('where we are killed, what we started ends all the same and the folder goes', async () => {
  const { child, started } = await anotherOfUs(SLEEPER(folder))
  expect(isAlive(started)).toBe(true)
  child.kill('SIGKILL')
  await eventually('the sleeper ended', () => !isAlive(started) || undefined)
  await eventually('the folder is gone', () => !existsSync(folder) || undefined)
})

const OPERATOR = (own: string): string => `
  const { OperatorProcess } = await import(${JSON.stringify(join(import.meta.dirname, '../cluster/operator-process.ts'))})
  const { writeFileSync } = await import('node:fs')
  writeFileSync(${JSON.stringify(join(own, 'operator.mjs'))}, 'setInterval(() => undefined, 60_000)')
  const settings = { env: 'dev', kubeconfig: '', broker: { embedded: true }, folder: ${JSON.stringify(own)} }
  const operator = await OperatorProcess.prepare({ ...settings, bundle: ${JSON.stringify(join(own, 'operator.mjs'))} })
  operator.begin()
  console.log(operator.pid)
  setInterval(() => undefined, 60_000)
`

test('so does an operator, and its log stays', async () => {
  const { child, started } = await anotherOfUs(OPERATOR(folder))
  const log = join(folder, 'operator.log')
  await eventually('it has a log', () => (isAlive(started) && existsSync(log)) || undefined)
  child.kill('SIGKILL')
  await eventually('the operator ended', () => !isAlive(started) || undefined)
  expect(existsSync(log)).toBe(true)
})
