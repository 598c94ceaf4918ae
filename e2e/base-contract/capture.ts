import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const FOLDER = fileURLToPath(new URL('../../mqtt-bridge/arklet/fixtures/', import.meta.url))

const captureShape = z.object({
  scenario: z.string(),
  note: z.string(),
  sent: z
    .array(
      z.object({
        topic: z.string(),
        retain: z.boolean(),
        payload: z.string().nullable(),
        /** Seconds. */
        at: z.number(),
      }),
    )
    .default([]),
  received: z.array(z.object({ topic: z.string(), payload: z.string(), after_ms: z.number().optional() })).default([]),
})

/** What was sent to a real base, and what it said. */
export type Capture = z.infer<typeof captureShape>

/** Numbered names of all captures, without the ending. */
export const captureNames = (): readonly string[] =>
  readdirSync(FOLDER)
    .filter(file => /^\d+-.*\.json$/.test(file))
    .map(file => file.slice(0, -'.json'.length))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))

export const readCapture = (name: string): Capture => captureShape.parse(readRaw(name))

/** A capture that is a summary (an outage and what followed) and no list of messages. */
export const readSummary = <T extends z.ZodType>(name: string, shape: T): z.infer<T> => shape.parse(readRaw(name))

const readRaw = (name: string): unknown => JSON.parse(readFileSync(`${FOLDER}${name}.json`, 'utf8'))
