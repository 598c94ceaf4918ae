/** `make e2e-kind`: the journeys on a kind cluster. Needs Docker, kind and kubectl; says so where one is missing. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conclude, runStages } from './run-stages.ts'
import { CLUSTER } from './stages.ts'

/** Our own: one that someone works with is not touched. */
const NAME = `koupleless-e2e-${process.pid}`

const NEEDED = [
  { command: ['docker', 'info'], how: 'a Docker that answers: https://docs.docker.com/engine/install' },
  { command: ['kind', 'version'], how: 'kind: https://kind.sigs.k8s.io/docs/user/quick-start/#installation' },
  { command: ['kubectl', 'version', '--client'], how: 'kubectl: https://kubernetes.io/docs/tasks/tools' },
] as const

const run = ([program = '', ...args]: readonly string[], stdio: 'ignore' | 'inherit'): boolean =>
  spawnSync(program, args, { stdio }).status === 0

async function journeysOn(kubeconfig: string): Promise<void> {
  const created = run(
    ['kind', 'create', 'cluster', '--name', NAME, '--kubeconfig', kubeconfig, '--wait', '180s'],
    'inherit',
  )
  if (!created) throw new Error('kind could not create a cluster')
  process.env.KOUPLELESS_E2E_KUBECONFIG = kubeconfig
  conclude(await runStages([CLUSTER]))
}

async function main(): Promise<void> {
  const missing = NEEDED.filter(({ command }) => !run(command, 'ignore')).map(({ how }) => how)
  if (missing.length > 0) {
    process.stderr.write(`make e2e-kind needs ${missing.join('; ')}.\nThe same journeys run without them: make e2e\n`)
    process.exitCode = 1
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'koupleless-kind-'))
  const kubeconfig = join(folder, 'kubeconfig')
  try {
    await journeysOn(kubeconfig)
  } finally {
    run(['kind', 'delete', 'cluster', '--name', NAME, '--kubeconfig', kubeconfig], 'inherit')
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
