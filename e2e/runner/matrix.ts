/** `make test-matrix`: the journeys on every Kubernetes version that we promise. */
import { spawnSync } from 'node:child_process'
import { VERSIONS } from '../control-plane/versions.ts'

for (const version of VERSIONS) {
  process.stdout.write(`\n=== journeys on Kubernetes ${version}\n`)
  const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'cluster'], {
    stdio: 'inherit',
    env: { ...process.env, KOUPLELESS_E2E_KUBERNETES: version },
  })
  if (status !== 0) process.exitCode = 1
}
