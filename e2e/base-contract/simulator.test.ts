import { expect, test } from 'vitest'
import { BEHAVIOURS } from './behaviours.ts'
import { captureNames } from './capture.ts'
import { baseContract } from './contract.ts'
import { NOT_REPLAYED, OWN_TEST, SERIES } from './series.ts'
import { simulatorRig } from './simulator-rig.ts'
import { WEB_NOT_REPLAYED, WEB_SERIES } from './web-series.ts'

const ALL = { ...SERIES, ...WEB_SERIES }
const EXCUSED = { ...NOT_REPLAYED, ...WEB_NOT_REPLAYED }

baseContract({ what: 'a simulated base', open: async () => simulatorRig(), series: ALL })

const replayed = Object.values(ALL).flatMap(steps => steps.map(step => step.capture))

test('every capture is replayed, has a test of its own, or is excused by name', () => {
  expect([...replayed, ...OWN_TEST, ...Object.keys(EXCUSED)].sort()).toEqual([...captureNames()].sort())
})

test('every behaviour is shown by captures that are replayed, each by its own', () => {
  expect(Object.values(BEHAVIOURS).flat().sort()).toEqual([...replayed].sort())
})
