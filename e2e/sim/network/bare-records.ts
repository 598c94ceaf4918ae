/** A base whose JSON library cannot write the records of its modules, as Arklet 2.1.6 without a serializer: each is `{}`. */
import type { OpenLink } from '../../base-simulator/link.ts'

const bare = (key: string, value: unknown): unknown => {
  if (key === 'latestStateRecord') return {}
  return key === 'bizStateRecords' && Array.isArray(value) ? value.map(() => ({})) : value
}

export const withBareRecords =
  (openLink: OpenLink): OpenLink =>
  (request, events) => {
    const link = openLink(request, events)
    return {
      get up() {
        return link.up
      },
      publish: (topic, payload, failed) => link.publish(topic, JSON.stringify(JSON.parse(payload, bare)), failed),
      destroy: () => link.destroy(),
    }
  }
