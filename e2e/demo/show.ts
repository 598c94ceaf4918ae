import { execFile } from 'node:child_process'
import { eventually } from '../cluster/eventually.ts'
import { ROOT, type Stage } from './stage.ts'

const COLOURS = process.stdout.isTTY ?? false
const paint = (code: number, text: string): string => (COLOURS ? `\u001b[${code}m${text}\u001b[0m` : text)
export const say = (text: string): void => void process.stdout.write(`${text}\n`)
export const headline = (text: string): void =>
  say(`\n${paint(1, `── ${text} `)}${paint(2, '─'.repeat(Math.max(3, 76 - text.length)))}`)

/** Runs the very words that are shown: what a user would type. */
function kubectl(stage: Stage, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: ROOT, env: { ...process.env, KUBECONFIG: stage.plane.kubeconfig } }
    execFile(stage.plane.kubectlBinary, words, options, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || error.message))
      else resolve(stdout)
    })
  })
}

export async function show(stage: Stage, command: string): Promise<void> {
  say(paint(36, `$ kubectl ${command}`))
  say((await kubectl(stage, command.split(' '))).trimEnd())
}

/** Shows a command's output as soon as it says what is awaited. */
export async function showOnce(stage: Stage, command: string, awaited: (output: string) => boolean): Promise<void> {
  await eventually(`kubectl ${command}`, async () => awaited(await kubectl(stage, command.split(' '))))
  await show(stage, command)
}

export function showBases(stage: Stage): void {
  for (const base of stage.bases) {
    const runs = base.bizs().map(({ name, version, state }) => `${name}:${version} ${state}`)
    say(paint(33, `  base ${base.identity} (${base.ip}) runs: ${runs.join(', ') || 'nothing'}`))
  }
}
