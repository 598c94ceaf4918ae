import { expect, test } from 'vitest'
import { bizKey } from '../../mqtt-bridge/index.ts'
import { LastPlans } from '../../reconcilers/loop/last-plans.ts'
import { SteppedClock } from '../../reconcilers/loop/stepped-clock.ts'
import { KeyQueue } from '../../reconcilers/loop/work-queue.ts'
import { aBase, BUILT_AT_MS } from '../../reconcilers/registry/a-base.ts'
import { type BaseRecord, claimId } from '../../reconcilers/registry/base-record.ts'
import { debugPage } from './debug-state.ts'

const NOW_MS = BUILT_AT_MS + 2_500
const claim = claimId('uid-web', 'biz1')
const tuple = { version: '1', url: 'http://user:pw@jars/biz2.jar', args: ['--password=x'], envs: {}, restartedAt: '' }
const sent = { name: 'biz2', version: '1', claim, tuple, overdue: false } as const

const base: BaseRecord = {
  ...aBase({
    bizs: [{ name: 'biz1', version: '1', state: 'activated', reason: 'STARTED' }],
    flights: [{ command: 'installBiz', ...sent, sentAtMs: NOW_MS - 1_500 }],
  }),
  foreign: new Set([bizKey('biz1', '1')]),
}

function state(query: string, bases: readonly BaseRecord[] = [base]) {
  const clock = new SteppedClock(NOW_MS)
  const queue = new KeyQueue<string>({ clock, rng: { next: () => 0 } })
  queue.addAfter('default/web', 4_000)
  const plans = new LastPlans<string>()
  plans.set('default/web', { plan: 'none', why: 'biz1: running', run: 'r-1', atMs: NOW_MS - 100, tookMs: 2 })
  return debugPage({
    now: () => clock.now(),
    bases: () => bases,
    link: () => ({ connected: true, epoch: 2, sinceMs: NOW_MS - 60_000, why: 'connected' }),
    store: { synced: true, freshAtMs: NOW_MS - 300 },
    controllers: [{ name: 'pods', queue, plans }],
  })(new URLSearchParams(query))
}
const facts = async (query = ''): Promise<readonly string[]> =>
  (await state(query)).body.split('\n').filter(line => line !== '' && !line.startsWith('#'))

test('one line per fact, under a legend that explains each kind', async () => {
  const lines = await facts()
  expect(lines).toEqual([
    'link    connected=true epoch=2 for=60 why=connected',
    'cache   synced=true age=0.3',
    expect.stringMatching(/^base {4}b1 node=virtual-node-b1 ip=10.0.0.1 reach=heard for=62.5 why=answers alive=2.5 /),
    'biz     b1 biz=biz1:1 state=activated whose=foreign reason=STARTED',
    'flight  b1 biz=biz2:1 command=installBiz sent=1.5 claim=uid-web/biz1 overdue=false',
    'key     pods default/web state=waiting dueIn=4 failures=0',
    'plan    pods default/web plan=none why="biz1: running" run=r-1 at=0.1 took=0.002',
  ])
  const kinds = new Set(lines.map(line => line.split(' ')[0]))
  const legend = (await state('')).body.split('\n').filter(line => line.startsWith('#'))
  for (const kind of kinds) expect(legend.join('\n')).toContain(`# ${kind}`)
})

test('only what one looks for', async () => {
  expect(await facts('match=biz2')).toHaveLength(1)
})

test('the same as JSON', async () => {
  const { contentType, body } = await state('format=json&match=biz2')
  expect(contentType).toBe('application/json')
  expect(JSON.parse(body).facts).toEqual([
    { kind: 'flight', of: 'b1', biz: 'biz2:1', command: 'installBiz', sent: 1.5, claim, overdue: false },
  ])
})

test('what a module is installed from and with is not shown: it may hold a credential', async () => {
  const { body } = await state('')
  expect(body).not.toMatch(/pw|password/)
})
