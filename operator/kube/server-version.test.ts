import { expect, test } from 'vitest'
import { SteppedClock } from '../../reconcilers/loop/stepped-clock.ts'
import { ApiError, type Log } from '../../reconcilers/ports.ts'
import { ServerVersion } from './server-version.ts'

const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }
const never = new AbortController().signal

/** Each call is answered by the next of these; an Error is thrown. */
function aServer(...answers: unknown[]) {
  const asked: string[] = []
  const json = async <T>({ path }: { path: string }): Promise<T> => {
    asked.push(path)
    const answer = answers.shift()
    if (answer instanceof Error) throw answer
    return answer as T
  }
  const clock = { sleep: async () => undefined }
  return { asked, version: new ServerVersion({ api: { json }, clock, log: silentLog }) }
}

test('the version is asked once, and known from then on', async () => {
  const { asked, version } = aServer({ major: '1', minor: '36', gitVersion: 'v1.36.3' })
  expect(version.known).toBeUndefined()
  await version.ask(never)
  expect(version.known).toBe('v1.36.3')
  expect(asked).toEqual(['/version'])
})

test('a server that fails for a moment is asked again, one that forbids it holds nothing up', async () => {
  const flaky = aServer(new ApiError(500, 'etcd'), { gitVersion: 'v1.30.1' })
  await flaky.version.ask(never)
  expect(flaky.version.known).toBe('v1.30.1')
  const forbidden = aServer(...Array.from({ length: 9 }, () => new ApiError(403, 'forbidden')))
  await forbidden.version.ask(never)
  expect(forbidden.version.known).toBeUndefined()
  expect(forbidden.asked.length).toBeLessThan(5)
})

test.each([[null], [[]], ['v1'], [{}], [{ gitVersion: 36 }]])(
  'an answer that tells nothing is none: %j',
  async answer => {
    const { version } = aServer(answer)
    await version.ask(never)
    expect(version.known).toBeUndefined()
  },
)

test('told to stop, it waits for nobody', async () => {
  const stop = new AbortController()
  stop.abort()
  const { asked, version } = aServer()
  await version.ask(stop.signal)
  expect(asked).toEqual([])
})

test('between its tries time passes', async () => {
  const clock = new SteppedClock()
  const api = { json: async () => Promise.reject(new ApiError(0, 'cut')) }
  const asking = new ServerVersion({ api, clock, log: silentLog }).ask(never)
  await clock.step(10_000)
  await asking
  expect(clock.now()).toBe(10_000)
})
