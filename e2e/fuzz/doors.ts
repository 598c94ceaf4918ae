import type { Door } from './door.ts'
import { MQTT } from './doors/mqtt.ts'
import { OBJECTS } from './doors/objects.ts'

/** Each knocks with inputs of its own; what they are is nobody else's business. */
const erased = <Input>(door: Door<Input>): Door<unknown> => door as unknown as Door<unknown>

export const DOORS: readonly Door<unknown>[] = [erased(MQTT), erased(OBJECTS)]
