import { expect } from 'vitest'
import { z } from 'zod'
import { type Capture, readSummary } from './capture.ts'
import { webPathsOf } from './meaning.ts'

/** What a base really does, beside what it says. */
export interface Truth {
  /** `name:version`, or `base`. */
  answersAt(path: string): string | undefined
  /** `name:version state`, in its order. */
  readonly bizs: readonly string[]
  /** Who answered at the path that the capture asked all the time; without those that a starting module kept waiting. */
  readonly answered: readonly Answered[]
}

export interface Answered {
  readonly by: string | undefined
  /** Since the first command. */
  readonly afterMs: number
}

/** The port of the base's own web server. */
const BASE_PORT = 18741
/** A real one asks for its web server earlier or later in its start. */
const TOLERANCE_MS = 200

const request = z.object({
  path: z.string(),
  port: z.number(),
  status: z.number().optional(),
  body: z.string().optional(),
})
const requests = z.union([request, z.array(request)]).default([])

const shape = z.object({
  extra: z
    .looseObject({
      http: requests,
      http_after: requests,
      bizs: z.array(z.string()).optional(),
      load: z
        .looseObject({
          path: z.string(),
          answers: z.record(z.string(), z.number()),
          last_failed_after_ms: z.number().optional(),
        })
        .optional(),
    })
    .optional(),
})

type Facts = NonNullable<z.infer<typeof shape>['extra']>

const factsOf = (capture: string): Facts | undefined => readSummary(capture, shape).extra

/** The path that the capture asked fifty times a second. */
export const loadedPath = (capture: string): string | undefined => factsOf(capture)?.load?.path

const isModule = (who: string | undefined): boolean => who?.includes(':') ?? false

export function compareTruth(capture: Capture, said: readonly { readonly payload: string }[], truth: Truth): void {
  expect(webPathsOf(said)).toEqual(webPathsOf(capture.received))
  const facts = factsOf(capture.scenario)
  if (!facts) return
  for (const { path, port, status, body } of [facts.http, facts.http_after].flat()) {
    if (port === BASE_PORT) expect([path, truth.answersAt(path)]).toEqual([path, status === 200 ? body : 'base'])
  }
  if (facts.bizs) expect(truth.bizs).toEqual(facts.bizs)
  if (facts.load) compareLoad(facts.load, truth.answered)
}

function compareLoad(
  { answers, last_failed_after_ms }: NonNullable<Facts['load']>,
  answered: readonly Answered[],
): void {
  const modules = (all: readonly (string | undefined)[]) => [...new Set(all.filter(isModule))].sort()
  expect(modules(answered.map(({ by }) => by))).toEqual(modules(Object.keys(answers)))
  const lastFailed = answered.findLast(({ by }) => !isModule(by))
  expect(lastFailed === undefined).toBe(last_failed_after_ms === undefined)
  // The load ended before the path was taken again.
  if (lastFailed === undefined || lastFailed === answered.at(-1)) return
  expect(Math.abs(lastFailed.afterMs - (last_failed_after_ms ?? 0))).toBeLessThan(TOLERANCE_MS)
}
