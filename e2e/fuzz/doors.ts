import type { Door } from './door.ts'
import { CONFIGURATION } from './doors/configuration.ts'
import { HTTP } from './doors/http.ts'
import { MQTT } from './doors/mqtt.ts'
import { OBJECTS } from './doors/objects.ts'
import { PODS } from './doors/pods.ts'

/** Each knocks with inputs of its own; what they are is nobody else's business. */
const erased = <Input>(door: Door<Input>): Door<unknown> => door as unknown as Door<unknown>

export const DOORS: readonly Door<unknown>[] = [
  erased(MQTT),
  erased(OBJECTS),
  erased(PODS),
  erased(CONFIGURATION),
  erased(HTTP),
]
