/** What real bases have published: what everything else is made from. */
import { readdirSync, readFileSync } from 'node:fs'

const FIXTURES = new URL('../../mqtt-bridge/arklet/fixtures/', import.meta.url)

export interface Captured {
  readonly topic: string
  readonly payload: string
}

/** One of each shape that a real base ever published. */
export function captured(): readonly Captured[] {
  const shapes = new Map<string, Captured>()
  for (const file of readdirSync(FIXTURES).filter(name => name.endsWith('.json'))) {
    const { received = [] } = JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')) as { received?: Captured[] }
    for (const frame of received) {
      const keys = frame.payload.replace(/:("[^"]*"|[\d.]+)/g, '').slice(0, 400)
      shapes.set(`${frame.topic.split('/').at(-1)} ${keys}`, frame)
    }
  }
  return [...shapes.values()]
}
