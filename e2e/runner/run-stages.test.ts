import { expect, test } from 'vitest'
import { runStages } from './run-stages.ts'
import type { Stage } from './stages.ts'
import { closingLine, NONE } from './tally.ts'

const aStage = (name: string, isFast: boolean): Stage => ({ name, what: name, command: [], isFast })

test('no count is lost where stages run side by side, and the slow ones run alone', async () => {
  const stages = ['a', 'b', 'c', 'd']
    .map(name => aStage(name, true))
    .concat(aStage('slow', false), aStage('last', false))
  const begun: string[] = []
  let running = 0
  const tally = await runStages(stages, async ({ name, isFast }, { isAlone }) => {
    begun.push(name)
    running += 1
    expect(isAlone).toBe(!isFast)
    if (isAlone) expect(running).toBe(1)
    await new Promise(resolve => setImmediate(resolve))
    running -= 1
    return name === 'b' ? { ...NONE, failed: ['b'] } : { ...NONE, passed: 1 }
  })
  expect(closingLine(tally)).toBe('5 passed, 1 failed')
  expect(begun.slice(-2)).toEqual(['slow', 'last'])
})
