/** The bases' end of the broker. */
import type { LinkEvents, LinkRequest, OpenLink } from '../../base-simulator/link.ts'
import type { SimBroker } from './broker.ts'
import type { Frame } from './connection.ts'

/** `hears`: told of each frame that reaches a base, before the base has it. */
export const linksOn =
  (broker: SimBroker, hears: (clientId: string, frame: Frame, retained: boolean) => void): OpenLink =>
  (request: LinkRequest, events: LinkEvents) => {
    const connection = broker.connect({
      id: request.clientId,
      topics: request.topics,
      onUp: () => events.onUp(),
      onDown: why => events.onDown(why),
      onFrame: (frame, retained) => {
        hears(request.clientId, frame, retained)
        events.onMessage(frame.topic, frame.payload, retained)
      },
    })
    return {
      get up() {
        return connection.up
      },
      publish(topic, payload, failed) {
        if (!connection.up) failed('not connected')
        else broker.publish(connection, { topic, payload: Buffer.from(payload) }, false)
      },
      destroy: () => broker.destroy(connection),
    }
  }
