/** `make dev`: the world of the demo, left running to play with. The prompt makes bases beat, die, refuse, hang. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { say } from './show.ts'
import { ENV, ROOT, Stage } from './stage.ts'

async function main(): Promise<void> {
  await using stage = await Stage.open(say)
  say(`
A Kubernetes API server, the operator and two bases (name base, version 1.1.1) are running. In another terminal:

  export KUBECONFIG=${stage.plane.kubeconfig}
  alias kubectl=${stage.plane.kubectlBinary}
  kubectl apply -f samples/module-deployment.yaml
  kubectl get pods -o wide --watch

  health    http://127.0.0.1:${stage.operator.httpPort}/readyz
  metrics   http://127.0.0.1:${stage.operator.httpPort}/metrics
  the facts http://127.0.0.1:${stage.operator.debugPort}/debug/state
  the log   tail -f ${stage.operator.logFile}

Type help for what bases can be made to do, quit to end it all.
`)
  await promptForBases(stage.operator.brokerPort)
}

function promptForBases(port: number): Promise<void> {
  const flags = ['--bases', '2', '--host', '127.0.0.1', '--port', String(port), '--env', ENV]
  const child = spawn('npx', ['tsx', join('e2e', 'base-simulator', 'main.ts'), ...flags], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  process.once('SIGINT', () => child.kill('SIGTERM'))
  return new Promise(resolve => child.once('exit', () => resolve()))
}

await main()
