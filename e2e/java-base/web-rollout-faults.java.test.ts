/** A rollout of a web module on a real base in which something ends between two commands: it ends well all the same. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ReadyPods } from './ready-pods.ts'
import { RUNS, WEB, WEB_PATH } from './web-jars.ts'
import { answerOf, WebJourney } from './web-journey.ts'

const COMMAND = '/installBiz'
const ANSWER = '/base/bizOperation'

let web: WebJourney
beforeAll(async () => {
  web = await WebJourney.open('web-rollout-faults')
})
beforeEach(async () => {
  await web.clear()
  await web.deploy()
})
afterAll(() => web[Symbol.asyncDispose]())

/** Does it the moment that frame passes through the broker, and resolves when it is done. */
const onFrame = (suffix: string, nth: number, act: () => Promise<void>): Promise<void> =>
  new Promise(resolve => {
    let seen = 0
    const off = web.base.onFrame(({ topic }) => {
      if (!topic.endsWith(suffix)) return
      seen += 1
      if (seen < nth) return
      off()
      resolve(act())
    })
  })

/** Rolls to that version while `ends` ends something. From when its Pod is Ready, nobody else answers at the module's path. */
async function rolls(what: string, version: string, ends: () => Promise<void>) {
  await using pods = await ReadyPods.in(web.journey.namespace)
  const traffic = await web.during(what, async () => {
    await Promise.all([ends(), web.release(version)])
    await web.rolled()
  })
  expect(traffic.said).toEqual([answerOf(RUNS), answerOf(version)])
  expect(traffic.saidAfter(await pods.firstMs(version))).toEqual([`200 ${answerOf(version)}`])
  expect(await web.readyVersions()).toEqual([version])
  expect(await web.base.bizs()).toEqual([{ name: WEB, version, state: 'activated' }])
  expect(await web.answer(web.base, `${WEB_PATH}-proof`)).toBe('503')
  return traffic
}

const POINTS = [
  ['its trial was sent', COMMAND, 1],
  ['its trial was answered', ANSWER, 1],
  ['the switch was sent', COMMAND, 2],
  ['the switch was answered', ANSWER, 2],
] as const

test.each(POINTS.map((point, nth) => [...point, `1.0.${nth}`] as const))(
  'an operator killed -9 when %s',
  async (when, suffix, nth, version) => {
    const { operator } = web.journey
    const traffic = await rolls(`operator killed when ${when}`, version, async () => {
      await onFrame(suffix, nth, () => operator.kill9())
      await operator.start()
    })
    expect(traffic.gaps).toBe(1)
  },
)

test.each([
  ['its trial was sent', 1, '2.0.1'],
  ['the switch was sent', 2, '2.0.2'],
])('a base killed -9 when %s, and started again', async (when, nth, version) => {
  const { base } = web
  await rolls(`base killed when ${when}`, version, async () => {
    await onFrame(COMMAND, nth, () => base.kill())
    await base.restart()
  })
})
