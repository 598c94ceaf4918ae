/** `make dev`: the world of the demo, left running to play with. The prompt makes bases beat, die, refuse, hang. */
import { attendTerminal } from '../base-simulator/terminal.ts'
import { say } from './show.ts'
import { onStage, type Stage } from './stage.ts'

async function play(stage: Stage): Promise<void> {
  const { plane, operator, fleet } = stage
  await stage.addBase()
  await stage.addBase()
  await stage.nodesReady(2)
  say(`
A Kubernetes API server, the operator and two bases (name base, version 1.1.1) are running. In another terminal:

  export KUBECONFIG=${plane.kubeconfig}
  alias kubectl=${plane.kubectlBinary}
  kubectl apply -f samples/module-deployment.yaml
  kubectl get pods -o wide --watch

  health    http://127.0.0.1:${operator.httpPort}/readyz
  metrics   http://127.0.0.1:${operator.httpPort}/metrics
  the facts http://127.0.0.1:${operator.debugPort}/debug/state
  the log   tail -f ${operator.logFile}

Type help for what bases can be made to do, quit to end it all.
`)
  await attendTerminal({
    bases: fleet.bases,
    get: identity => fleet.get(identity),
    start: options => stage.addBase(options),
  })
  say('Ending it all …')
}

await onStage(play)
