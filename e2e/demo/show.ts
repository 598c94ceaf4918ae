import { execFile, spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { eventually } from '../cluster/eventually.ts'
import { showProgress } from '../control-plane/progress.ts'
import { ROOT } from '../runner/run-stage.ts'
import type { Stage } from './stage.ts'

const COLOURS = process.stdout.isTTY ?? false
const WAITS_QUIETLY_MS = 2_000

const paint = (code: number, text: string): string => (COLOURS ? `\u001b[${code}m${text}\u001b[0m` : text)
export const say = (text: string): void => void process.stdout.write(`${text}\n`)
export const headline = (text: string): void =>
  say(`\n${paint(1, `── ${text} `)}${paint(2, '─'.repeat(Math.max(3, 76 - text.length)))}`)

/** Runs the very line that is shown, in a shell: what a user would type. */
const shell = ({ plane }: Stage, command: string): [string, string[], { cwd: string; env: NodeJS.ProcessEnv }] => {
  const path = `${dirname(plane.kubectlBinary)}${delimiter}${process.env.PATH ?? ''}`
  return [
    'sh',
    ['-c', `kubectl ${command}`],
    { cwd: ROOT, env: { ...process.env, PATH: path, KUBECONFIG: plane.kubeconfig } },
  ]
}

function output(stage: Stage, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(...shell(stage, command), (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || error.message))
      else resolve(stdout)
    })
  })
}

/** Shows the command, and its output as it comes. @throws where the command fails */
export async function show(stage: Stage, command: string): Promise<void> {
  say(paint(36, `$ kubectl ${command}`))
  const [program, args, options] = shell(stage, command)
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] })
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0) throw new Error(`kubectl ${command}: ended with code ${code}`)
}

/** Shows a command's output as soon as it says what is awaited. */
export async function showOnce(stage: Stage, command: string, awaited: (output: string) => boolean): Promise<void> {
  const progress = showProgress('waiting for the cluster', WAITS_QUIETLY_MS)
  try {
    await eventually(`kubectl ${command}`, async () => awaited(await output(stage, command)))
  } finally {
    progress[Symbol.dispose]()
  }
  await show(stage, command)
}

export async function showBases({ cast }: Stage): Promise<void> {
  for (const base of cast.members) {
    const runs = (await base.bizs()).map(({ name, version, state }) => `${name}:${version} ${state}`)
    say(paint(33, `  base ${base.identity} (${base.ip}) runs: ${runs.join(', ') || 'nothing'}`))
    if (base.curl && runs.length > 0) await showCurl(base.curl)
  }
}

async function showCurl(command: string): Promise<void> {
  const answer = await fetch(command.replace('curl ', ''))
  say(`${paint(36, `  $ ${command}`)}\n  ${(await answer.text()).trim()}`)
}
