import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the journeys need of a cluster, ours or another's. */
export interface Cluster extends AsyncDisposable {
  readonly kubeconfig: string
  readonly kubectlBinary: string
  kubectl(args: readonly string[], input?: string): Promise<string>
  kubeconfigFor(namespace: string, serviceAccount: string): Promise<string>
}

/** A cluster that someone else runs (kind, or any that a kubeconfig names): reached with the kubectl on the path. */
export function existingCluster(kubeconfig: string): Cluster {
  let folder: string | undefined
  const kubectl = (args: readonly string[], input = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = execFile(
        'kubectl',
        ['--kubeconfig', kubeconfig, ...args],
        { maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          if (error) reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}`))
          else resolve(stdout)
        },
      )
      child.stdin?.end(input)
    })
  return {
    kubeconfig,
    kubectlBinary: 'kubectl',
    kubectl,
    async kubeconfigFor(namespace, serviceAccount) {
      folder = await mkdtemp(join(tmpdir(), 'koupleless-kubeconfig-'))
      const view = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '--output', 'json'])) as {
        users: { user: object }[]
      }
      const token = (
        await kubectl(['create', 'token', serviceAccount, '--namespace', namespace, '--duration', '8h'])
      ).trim()
      const users = view.users.map(entry => ({ ...entry, user: { token } }))
      const path = join(folder, 'kubeconfig')
      await writeFile(path, JSON.stringify({ ...view, users }), { mode: 0o600 })
      return path
    },
    async [Symbol.asyncDispose]() {
      if (folder) await rm(folder, { recursive: true, force: true })
    },
  }
}
