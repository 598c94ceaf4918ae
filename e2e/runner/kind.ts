/** `make e2e-kind`: the journeys on a kind cluster. Needs Docker and kind; says so where they are missing. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CLUSTER = 'koupleless-e2e'

const works = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0
const run = (program: string, args: readonly string[], env = process.env): number =>
  spawnSync(program, args, { stdio: 'inherit', env }).status ?? 1

function missing(): string | undefined {
  if (!works('docker', 'info'))
    return 'Docker is needed and does not answer: install it from https://docs.docker.com/engine/install and start it'
  if (!works('kind', 'version'))
    return 'kind is needed: see https://kind.sigs.k8s.io/docs/user/quick-start/#installation'
  if (!works('kubectl', 'version', '--client')) return 'kubectl is needed: see https://kubernetes.io/docs/tasks/tools'
  return undefined
}

function main(): number {
  const fault = missing()
  if (fault) {
    process.stderr.write(`make e2e-kind: ${fault}. The same journeys run without Docker: make e2e\n`)
    return 1
  }
  const folder = mkdtempSync(join(tmpdir(), 'koupleless-kind-'))
  const kubeconfig = join(folder, 'kubeconfig')
  try {
    if (run('kind', ['create', 'cluster', '--name', CLUSTER, '--kubeconfig', kubeconfig, '--wait', '120s']) !== 0)
      return 1
    return run('npx', ['vitest', 'run', '--project', 'cluster'], {
      ...process.env,
      KOUPLELESS_E2E_KUBECONFIG: kubeconfig,
    })
  } finally {
    run('kind', ['delete', 'cluster', '--name', CLUSTER, '--kubeconfig', kubeconfig])
    rmSync(folder, { recursive: true, force: true })
  }
}

process.exitCode = main()
