/** The MQTT transport over the embedded broker. */

import { type Rig, transportContract } from './contract.ts'
import { type EmbeddedBroker, startEmbeddedBroker } from './embedded-broker.ts'
import { openMqttTransport } from './mqtt.ts'

transportContract('MQTT 3.1.1 over the embedded broker', async (): Promise<Rig> => {
  let broker: EmbeddedBroker | undefined = await startEmbeddedBroker()
  const { port, url } = broker
  let clients = 0
  const stopBroker = async (): Promise<void> => {
    await broker?.[Symbol.asyncDispose]()
    broker = undefined
  }
  return {
    open: () => {
      clients += 1
      return openMqttTransport({ url, clientId: `client-${clients}`, reconnectMinMs: 20, reconnectMaxMs: 100 })
    },
    stopBroker,
    startBroker: async () => {
      broker = await startEmbeddedBroker({ port })
    },
    [Symbol.asyncDispose]: stopBroker,
  }
})
