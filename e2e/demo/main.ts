/** `make demo`: the life of a module, from the user guide's sample, on a real API server. Leaves nothing behind. */
import { NotToBeHad } from '../control-plane/not-to-be-had.ts'
import type { ModuleContainer } from './cast.ts'
import { headline, say, show, showBases, showOnce } from './show.ts'
import { onStage, type Stage } from './stage.ts'

const APP = 'app=test-module-deployment-non-peer'
const PODS = `get pods -l ${APP} -o wide`
const DEPLOYMENT = 'deployment/test-module-deployment'
const withContainer = ({ name, image, version }: ModuleContainer): string =>
  JSON.stringify({
    spec: { template: { spec: { containers: [{ name, image, env: [{ name: 'BIZ_VERSION', value: version }] }] } } },
  })

const running = (output: string, count: number): boolean =>
  (output.match(/1\/1 +Running/g) ?? []).length === count && output.trim().split('\n').length === count + 1

async function walk(stage: Stage): Promise<void> {
  headline('1. A base appears: it becomes a Node')
  await stage.cast.add()
  await showOnce(stage, 'get nodes -L base.koupleless.io/name,base.koupleless.io/version', output =>
    output.includes(' Ready'),
  )

  headline('2. Online: the sample of the user guide')
  await show(stage, stage.cast.applySample)
  await showOnce(stage, PODS, output => running(output, 1))
  await showBases(stage)

  headline('3. Seen: what does a base run?')
  await show(stage, 'get pods --field-selector status.podIP=10.1.0.1')
  await show(stage, 'get pods --field-selector spec.nodeName=virtual-node-b1')
  await showOnce(stage, `get events --field-selector reason=Installed`, output => output.includes('is active'))

  headline('4. Scaled: to a second base')
  await stage.cast.add()
  await showOnce(stage, 'get nodes', output => (output.match(/ Ready/g) ?? []).length === 2)
  await show(stage, `scale ${DEPLOYMENT} --replicas=2`)
  await showOnce(stage, PODS, output => running(output, 2))
  await showBases(stage)

  headline('5. Replaced: a new version, proved beside the old one, then switched to')
  await show(stage, `patch ${DEPLOYMENT} --patch '${withContainer(stage.cast.next)}'`)
  await show(stage, `rollout status ${DEPLOYMENT} --timeout=60s`)
  await showOnce(stage, PODS, output => running(output, 2))
  await showBases(stage)

  headline('6. Rolled back')
  await show(stage, `rollout history ${DEPLOYMENT}`)
  await show(stage, `rollout undo ${DEPLOYMENT} --to-revision=1`)
  await show(stage, `rollout status ${DEPLOYMENT} --timeout=60s`)
  await showOnce(stage, PODS, output => running(output, 2))
  await showBases(stage)

  headline('7. Offline')
  await show(stage, `delete ${DEPLOYMENT}`)
  await showOnce(stage, PODS, output => output.trim() === '')
  await showBases(stage)
}

const begun = Date.now()
try {
  await onStage(async stage => {
    await walk(stage)
    const seconds = Math.round((Date.now() - begun) / 1_000)
    say(
      `\nThat was the whole life of a module, in ${seconds} s. Cleaning up; \`make dev\` leaves such a world running.`,
    )
  })
} catch (error) {
  if (!(error instanceof NotToBeHad)) throw error
  say(error.message)
  process.exitCode = 1
}
