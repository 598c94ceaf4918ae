/** `make chaos`: the whole world on real parts, troubled by a plan that a printed seed draws. */
import { parseArgs } from 'node:util'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { TestAuthority } from '../../mqtt-bridge/transport/test-certificates.ts'
import { ControlPlane } from '../control-plane/control-plane.ts'
import { reportOf } from './report.ts'
import { runChaos } from './run.ts'
import { brokerOptions, chaosFolder, planeOptions } from './world.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '5' },
    bases: { type: 'string', default: '50' },
    operators: { type: 'string', default: '1' },
    'round-seconds': { type: 'string', default: '40' },
    'no-jvm': { type: 'boolean', default: false },
  },
})
const begun = Date.now()
const say = (text: string): void =>
  void process.stdout.write(`${String(Math.round((Date.now() - begun) / 1_000)).padStart(5)} s  ${text}\n`)

const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
const folder = await chaosFolder()
say(
  `seed ${seed}: make chaos SEED=${seed} MINUTES=${values.minutes} plays the same faults again; its journal: ${folder}`,
)
using authority = new TestAuthority('chaos')
await using broker = await Mosquitto.start(brokerOptions(authority))
await using plane = await ControlPlane.start(planeOptions(folder))
const result = await runChaos({
  plane,
  broker,
  authority,
  folder,
  seed,
  bases: Number(values.bases),
  operators: Number(values.operators),
  withJvm: !values['no-jvm'],
  roundMs: 1_000 * Number(values['round-seconds']),
  forMs: 60_000 * Number(values.minutes),
  say,
})
process.stdout.write(`\n${await reportOf(result, seed)}\n`)
if (result.journal.violations.length > 0) process.exitCode = 1
