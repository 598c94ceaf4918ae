import { expect, test } from 'vitest'
import { aFlight, anUninstall, BUILT_AT_MS } from '../registry/a-base.ts'
import { reasonsOf, tunnelFacts } from './a-tunnel.ts'
import { decideOverdue } from './overdue.ts'

const now = BUILT_AT_MS
const sent = (agoMs: number) => aFlight({ sentAtMs: now - agoMs })
const decide = (...flights: ReturnType<typeof aFlight>[]) => decideOverdue(tunnelFacts({ base: { flights } }))

test('a command not answered for five minutes is overdue: noted, counted and told', () => {
  const decision = decide(sent(300_000))
  expect(decision.notes).toEqual([{ kind: 'overdue', key: 'biz1:0.0.1', atMs: now }])
  expect(decision.deadlines).toEqual(['installBiz'])
  expect(reasonsOf(decision)).toEqual(['CommandOverdue'])
})

test('one still in time is waited for', () => {
  expect(decide(sent(299_000))).toEqual({ wakeAfterMs: 1_000 })
})

test('one already overdue is not told of again', () => {
  expect(decide({ ...sent(400_000), overdue: true })).toEqual({})
})

test('each is judged by itself', () => {
  const uninstall = anUninstall({ name: 'biz2', sentAtMs: now - 400_000 })
  expect(decide(sent(1_000), uninstall)).toMatchObject({ deadlines: ['uninstallBiz'], wakeAfterMs: 299_000 })
})
