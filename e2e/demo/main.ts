/** `make demo`: the life of a module, from the user guide's sample, on a real API server. Leaves nothing behind. */
import { headline, say, show, showBases, showOnce } from './show.ts'
import { onStage, type Stage } from './stage.ts'

const APP = 'app=test-module-deployment-non-peer'
const PODS = `get pods -l ${APP} -o wide`
const DEPLOYMENT = 'deployment/test-module-deployment'
const NEXT = JSON.stringify({
  spec: {
    template: {
      spec: {
        containers: [
          {
            name: 'biz1',
            image: 'https://jars.example.com/biz1-0.0.2-ark-biz.jar',
            env: [{ name: 'BIZ_VERSION', value: '0.0.2' }],
          },
        ],
      },
    },
  },
})

const running = (output: string, count: number): boolean =>
  (output.match(/1\/1 +Running/g) ?? []).length === count && output.trim().split('\n').length === count + 1

async function walk(stage: Stage): Promise<void> {
  headline('1. A base appears: it becomes a Node')
  await stage.addBase()
  await showOnce(stage, 'get nodes -L base.koupleless.io/name,base.koupleless.io/version', output =>
    output.includes(' Ready'),
  )

  headline('2. Online: the sample of the user guide')
  await show(stage, 'apply -f samples/module-deployment.yaml')
  await showOnce(stage, PODS, output => running(output, 1))
  showBases(stage)

  headline('3. Seen: what does a base run?')
  await show(stage, 'get pods --field-selector status.podIP=10.1.0.1')
  await show(stage, 'get pods --field-selector spec.nodeName=virtual-node-b1')
  await showOnce(stage, `get events --field-selector reason=Installed`, output => output.includes('is active'))

  headline('4. Scaled: to a second base')
  await stage.addBase()
  await showOnce(stage, 'get nodes', output => (output.match(/ Ready/g) ?? []).length === 2)
  await show(stage, `scale ${DEPLOYMENT} --replicas=2`)
  await showOnce(stage, PODS, output => running(output, 2))
  showBases(stage)

  headline('5. Replaced: a new version, proved beside the old one, then switched to')
  await show(stage, `patch ${DEPLOYMENT} --patch '${NEXT}'`)
  await show(stage, `rollout status ${DEPLOYMENT} --timeout=60s`)
  await showOnce(stage, PODS, output => running(output, 2))
  showBases(stage)

  headline('6. Rolled back')
  await show(stage, `rollout history ${DEPLOYMENT}`)
  await show(stage, `rollout undo ${DEPLOYMENT} --to-revision=1`)
  await show(stage, `rollout status ${DEPLOYMENT} --timeout=60s`)
  await showOnce(stage, PODS, output => running(output, 2))
  showBases(stage)

  headline('7. Offline')
  await show(stage, `delete ${DEPLOYMENT}`)
  await showOnce(stage, PODS, output => output.trim() === '')
  showBases(stage)
}

const begun = Date.now()
await onStage(async stage => {
  await walk(stage)
  const seconds = Math.round((Date.now() - begun) / 1_000)
  say(`\nThat was the whole life of a module, in ${seconds} s. Cleaning up; \`make dev\` leaves such a world running.`)
})
