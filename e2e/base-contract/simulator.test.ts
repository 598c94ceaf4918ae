import { expect, test } from 'vitest'
import { BEHAVIOURS } from './behaviours.ts'
import { captureNames } from './capture.ts'
import { baseContract } from './contract.ts'
import { NOT_REPLAYED, OWN_TEST, SERIES } from './series.ts'
import { simulatorRig } from './simulator-rig.ts'

baseContract({ what: 'a simulated base', open: async () => simulatorRig() })

const replayed = Object.values(SERIES).flatMap(steps => steps.map(step => step.capture))

test('every capture is replayed, has a test of its own, or is excused by name', () => {
  expect([...replayed, ...OWN_TEST, ...Object.keys(NOT_REPLAYED)].sort()).toEqual([...captureNames()].sort())
})

test('every behaviour is shown by captures that are replayed, each by its own', () => {
  expect(Object.values(BEHAVIOURS).flat().sort()).toEqual([...replayed].sort())
})
