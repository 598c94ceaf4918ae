import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, encode } from '../../mqtt-bridge/arklet/codec.ts'
import { baseId, type Command, type Observation } from '../../mqtt-bridge/arklet/vocabulary.ts'
import { Stage } from '../base-contract/simulator-stage.ts'

/** The simulator has frames of its own, so that it can find the operator's codec wrong; here the two meet. */
function converse(stage: Stage, commands: readonly Command[]): readonly Observation[] {
  const first = stage.broker.published.length
  for (const command of commands) {
    const { topic, payload } = encode('dev', baseId('b1'), command)
    stage.broker.publish(topic, payload)
    stage.clock.advance(2_000)
  }
  return stage.said(first).map(({ topic, payload }) => {
    const decoded = decode('dev', topic, Buffer.from(payload))
    if (!decoded.ok) throw new Error(`${decoded.refusal.code} at ${decoded.refusal.path}: ${decoded.refusal.message}`)
    return decoded.observation
  })
}

const jar = (file: string) => `http://jars.example/${file}`
const biz1 = { name: 'biz1', version: '0.0.1', url: jar('biz1-0.0.1.jar') }

test('each command the operator can send is understood, and each answer is read', () => {
  const stage = new Stage()
  stage.start()
  const heard = converse(stage, [
    { kind: 'installBiz', ...biz1, args: ['--a=1'], envs: { A: '1' }, strategy: 'installOnly' },
    { kind: 'installBiz', ...biz1 },
    { kind: 'installBiz', name: 'biz2', version: '1', url: jar('broken/biz2-1.jar') },
    { kind: 'installBiz', ...biz1, version: '0.0.2', url: jar('biz1-0.0.2.jar'), strategy: 'uninstallThenInstall' },
    { kind: 'queryAllBiz' },
    { kind: 'health' },
    { kind: 'uninstallBiz', name: 'biz1', version: '0.0.2' },
    { kind: 'uninstallBiz', name: 'biz1', version: '0.0.2' },
    { kind: 'baseline', bizs: [biz1] },
  ])
  const told = heard
    .filter(({ kind }) => kind !== 'heart')
    .map(observation => (observation.kind === 'answer' ? observation.outcome.kind : observation.kind))
  expect(told).toEqual([
    'installed',
    'repeat',
    'failed',
    'installed',
    'snapshot',
    'health',
    'uninstalled',
    'absent',
    'batchAnswer',
  ])
})

test('what a base says of itself is read as it was set up', () => {
  const stage = new Stage({ ip: '10.1.2.3', hostName: 'host-1', clusterName: 'c', version: '2.0.0' })
  stage.start()
  stage.clock.advance(20)
  const metadata = { name: 'base', version: '2.0.0', clusterName: 'c' }
  const read = stage.said().map(({ topic, payload }) => decode('dev', topic, Buffer.from(payload)))
  expect(read).toMatchObject([
    { ok: true, observation: { kind: 'queryBaseline', base: 'b1', metadata } },
    { ok: true, observation: { kind: 'heart', base: 'b1', ip: '10.1.2.3', hostName: 'host-1', metadata } },
  ])
})

test('whatever is sent to a base, it lives and answers the next question', () => {
  const verbs = ['installBiz', 'uninstallBiz', 'health', 'queryAllBiz', 'baseline', 'nonsense', '__proto__']
  const word = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.jsonValue())
  const entry = fc.record(
    { bizName: word, bizVersion: word, bizUrl: fc.oneof(word, fc.webUrl()), args: word, envs: word, type: word },
    { requiredKeys: [] },
  )
  const payload = fc.oneof(
    fc.string(),
    fc.json(),
    entry.map(e => JSON.stringify(e)),
    fc.array(entry).map(e => JSON.stringify(e)),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...verbs), payload), { maxLength: 4 }), sent => {
      const stage = new Stage()
      stage.start()
      for (const [verb, text] of sent) stage.ask(verb, text)
      stage.clock.advance(5_000)
      const first = stage.broker.published.length
      stage.ask('health')
      const said = stage.said(first).filter(({ topic }) => topic.endsWith('/base/health'))
      expect(said).toHaveLength(1)
      expect(decode('dev', said[0]?.topic ?? '', Buffer.from(said[0]?.payload ?? '')).ok).toBe(true)
    }),
    { numRuns: 300 },
  )
})
