import { afterAll, beforeAll } from 'vitest'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { buildSamples } from '../samples/samples.ts'
import { CapturePlace } from './capture-place.ts'
import { baseContract } from './contract.ts'
import { DIFFERENCES, EXCUSED } from './differences.ts'
import { JavaRig } from './java-rig.ts'
import { SERIES } from './series.ts'

/** Those that take longest; the others are about as long together, and run beside them. */
const LONG = ['a life', 'URLs and names', 'what no base expects', 'several at once']

/** The contract on a JVM without a web server for modules (WEB_SERIES needs one), in two halves for two cores. */
export function jvmContract(half: 'long series' | 'short series'): void {
  let place: CapturePlace
  let broker: Mosquitto
  beforeAll(async () => {
    place = await CapturePlace.open(await buildSamples())
    broker = await Mosquitto.start()
  })
  afterAll(async () => {
    await place[Symbol.asyncDispose]()
    await broker[Symbol.asyncDispose]()
  })
  baseContract({
    what: `the base of samples/ in a JVM: ${half}`,
    open: async () => new JavaRig(place, broker),
    series: Object.fromEntries(
      Object.entries(SERIES).filter(([name]) => LONG.includes(name) === (half === 'long series')),
    ),
    differences: DIFFERENCES,
    excused: EXCUSED,
  })
}
