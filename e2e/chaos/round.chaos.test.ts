import { expect, test } from 'vitest'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { TestAuthority } from '../../mqtt-bridge/transport/test-certificates.ts'
import { ControlPlane } from '../control-plane/control-plane.ts'
import { note } from '../control-plane/progress.ts'
import { reportOf } from './report.ts'
import { runChaos } from './run.ts'
import { brokerOptions, chaosFolder, planeOptions } from './world.ts'

/** One that strikes the broker, the API server, the operator and a rack. Longer runs, and JVMs: `make chaos`. */
const SEED = 39

test('users at work while everything breaks: healed, the bases run what the Pods say, nothing is done twice or lost', async () => {
  const folder = await chaosFolder()
  using authority = new TestAuthority('chaos')
  await using broker = await Mosquitto.start(brokerOptions(authority))
  await using plane = await ControlPlane.start(planeOptions(folder))
  const parts = { plane, broker, authority, folder, seed: SEED }
  const size = { bases: 50, operators: 1, withJvm: false, roundMs: 25_000, forMs: 0 }
  const result = await runChaos({ ...parts, ...size, say: note })
  const report = await reportOf(result, SEED)
  note(report)
  expect(result.journal.violations, `its journal is in ${folder}`).toEqual([])
  expect(result.rounds).toHaveLength(1)
  expect(result.journal.counted('installBiz')).toBeGreaterThan(50)
})
