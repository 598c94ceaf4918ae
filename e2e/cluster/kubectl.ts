import { execFile } from 'node:child_process'
import { inject } from 'vitest'

/** Runs kubectl; what it says on failure is the error's message. */
export function kubectlAt(
  kubeconfig: string,
  args: readonly string[],
  binary: string = inject('kubectl'),
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      binary,
      ['--kubeconfig', kubeconfig, ...args],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}`))
        else resolve(stdout)
      },
    )
  })
}
