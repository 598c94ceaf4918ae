/** A health answer of a base that could not measure everything. */
import type { SeededRng } from '../rng.ts'
import type { Frame } from './connection.ts'

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

function healthIn(message: unknown): Fields | undefined {
  const outer = isFields(message) ? message.data : undefined
  const inner = isFields(outer) ? outer.data : undefined
  const health = isFields(inner) ? inner.healthData : undefined
  return isFields(health) ? health : undefined
}

/** The same with one part of it left out, or with some of the figures of the JVM; any other frame stays as it is. */
export function inPart(frame: Frame, rng: SeededRng): Frame {
  if (!frame.topic.endsWith('/base/health')) return frame
  const message: unknown = JSON.parse(Buffer.from(frame.payload).toString('utf8'))
  const health = healthIn(message)
  if (!health) return frame
  const { jvm } = health
  if (isFields(jvm) && rng.chance(0.5)) for (const figure of Object.keys(jvm)) if (rng.chance(0.5)) delete jvm[figure]
  if (rng.chance(0.5)) delete health[rng.pick(Object.keys(health)) ?? '']
  return { ...frame, payload: Buffer.from(JSON.stringify(message)) }
}
