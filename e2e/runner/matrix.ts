/** `make test-matrix`: the journeys on every Kubernetes version that we promise. */
import { VERSIONS } from '../control-plane/versions.ts'
import { conclude, runStages } from './run-stages.ts'
import { CLUSTER } from './stages.ts'
import { add, NONE } from './tally.ts'

let total = NONE
for (const version of VERSIONS) {
  const stage = { ...CLUSTER, what: `${CLUSTER.what}: Kubernetes ${version}` }
  process.env.KOUPLELESS_E2E_KUBERNETES = version
  total = add(total, await runStages([stage]))
}
conclude(total)
