import { afterAll, beforeAll } from 'vitest'
import { Mosquitto } from '../../mqtt-bridge/transport/mosquitto-process.ts'
import { buildSamples } from '../samples/samples.ts'
import { CapturePlace } from './capture-place.ts'
import { baseContract } from './contract.ts'
import { DIFFERENCES, EXCUSED } from './differences.ts'
import { JavaRig } from './java-rig.ts'

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
  what: 'the base of samples/ in a JVM',
  open: async () => new JavaRig(place, broker),
  differences: DIFFERENCES,
  excused: EXCUSED,
})
