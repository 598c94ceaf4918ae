/** How an operator rolls a web module on a real base: what its users see of it, fifty times a second. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commandsOf } from '../cluster/base.ts'
import { eventually } from '../cluster/eventually.ts'
import { deployment, pod } from '../cluster/workloads.ts'
import { measured } from './measured.ts'
import { ReadyPods } from './ready-pods.ts'
import { SteadyTraffic } from './steady-traffic.ts'
import { ASTRAY, CAUSE, DEAF, FAILS, NEXT, OWNER, RUNS, WEB } from './web-jars.ts'
import { answerOf, elsewhere, ONE_AFTER_THE_OTHER, WebJourney } from './web-journey.ts'

const FAILED = /InstallFailed|InstallBackOff/
const NOWHERE = `http://127.0.0.1:1/${WEB}-${NEXT}.jar`

describe.each([true, false])('activate.new.module=%s:', activates => {
  let web: WebJourney
  beforeAll(async () => {
    web = await WebJourney.open(`web-rollout-${activates}`, { activates })
  })
  beforeEach(() => web.clear())
  afterAll(() => web[Symbol.asyncDispose]())

  const during = (what: string, act: () => Promise<void>) =>
    web.during(`${what}, activate.new.module=${activates}`, act)
  const installs = () => commandsOf(web.base, 'installBiz').filter(({ name }) => name === WEB)

  /** A rolling update, its undo, and three times the bare command on the same base, before and after them. */
  async function round(): Promise<{ readonly rolledMs: readonly number[]; readonly bareMs: readonly number[] }> {
    // The first switch of a JVM takes longest, and would flatter the operator.
    const [, ...bareBefore] = await web.bareGapsMs(2)
    await web.deploy()
    await using pods = await ReadyPods.in(web.journey.namespace)
    const before = installs().length
    const there = await during('rolling update', () => web.roll(NEXT))
    expect(installs().slice(before)).toMatchObject([
      { version: NEXT, args: ['--server.servlet.context-path=/biz1-proof'] },
      { version: NEXT, args: [] },
    ])
    expect(there.said).toEqual([answerOf(RUNS), answerOf(NEXT)])
    expect(there.saidAfter(await pods.firstMs(NEXT))).toEqual([`200 ${answerOf(NEXT)}`])
    const back = await during('undo', () => web.undo())
    expect(back.said).toEqual([answerOf(NEXT), answerOf(RUNS)])
    await web.clear()
    const bareMs = [...bareBefore, ...(await web.bareGapsMs(2))]
    const rolledMs = [there.longestGapMs, back.longestGapMs]
    measured(`gaps, activate.new.module=${activates}`, `rolled ${rolledMs.join(' ')} ms, bare ${bareMs.join(' ')} ms`)
    expect([there.gaps, back.gaps]).toEqual([1, 1])
    return { rolledMs, bareMs }
  }

  test('a good version, and undo: one gap each, no longer than the one command needs', async () => {
    const rounds = [await round()]
    const bareMs = () => Math.max(...rounds.flatMap(each => each.bareMs))
    const rolledMs = () => Math.min(...rounds.map(each => Math.max(...each.rolledMs)))
    // A busy machine stretches what it likes. What the operator itself lengthens, it lengthens each time.
    while (rolledMs() > 1.5 * bareMs() && rounds.length < 3) rounds.push(await round())
    expect(rolledMs()).toBeLessThanOrEqual(1.5 * bareMs())
  })

  test('a version that is broken for its own sake shows its true cause, and no request fails', async () => {
    await web.deploy()
    const traffic = await during('a version that fails for its own sake', async () => {
      await web.release(FAILS)
      expect((await web.waits(FAILS, FAILED)).message).toContain(CAUSE)
      expect(await web.readyVersions()).toEqual([RUNS])
      await eventually('it is tried again', () => installs().filter(({ version }) => version === FAILS).length > 1)
      await web.undo()
    })
    expect(traffic.said).toEqual([answerOf(RUNS)])
    expect(traffic.failed).toBe(0)
  })

  test('a URL that leads nowhere: no request fails', async () => {
    await web.deploy()
    const traffic = await during('a URL that leads nowhere', async () => {
      await web.release(NEXT, { image: NOWHERE })
      expect((await web.waits(NEXT, FAILED)).message).toContain('Connection refused')
      expect(await web.readyVersions()).toEqual([RUNS])
      await web.undo()
    })
    expect(traffic.said).toEqual([answerOf(RUNS)])
    expect(traffic.failed).toBe(0)
  })

  test('a version that wants the path of another module: its owner is named, and no request to either fails', async () => {
    await web.deploy()
    const owner = web.draft({ name: 'owner', bizName: OWNER, version: '1.0.0', strategy: ONE_AFTER_THE_OTHER })
    await web.apply(deployment(owner))
    await using others = new SteadyTraffic(web.url(web.base, OWNER))
    const traffic = await during('a version that wants the path of another module', async () => {
      await web.release(ASTRAY)
      expect((await web.waits(ASTRAY, /PathTaken/)).message).toContain(`${OWNER}:1.0.0`)
      expect(await web.readyVersions()).toEqual([RUNS])
      await eventually('its trial is gone', async () => (await web.base.bizs()).length === 2)
      await web.undo()
    })
    await others.stop()
    expect([traffic.said, others.said]).toEqual([[answerOf(RUNS)], [`${OWNER}:1.0.0`]])
    expect(traffic.failed + others.failed).toBe(0)
  })

  test('a main that drops its args is switched to without proof, which an Event tells', async () => {
    await web.deploy()
    const traffic = await during('a version whose main drops its args', () => web.roll(DEAF))
    const { metadata } = await web.podOf(DEAF)
    expect(await web.journey.event(metadata?.name ?? '', 'UnprovenSwitch')).toContain('context path')
    expect(traffic.said).toEqual([answerOf(RUNS), answerOf(DEAF)])
    expect(traffic.gaps).toBe(1)
  })

  test('another image of the same version in a bare Pod: one gap', async () => {
    await web.apply(pod(web.draft()))
    const traffic = await during('another image of the same version', async () => {
      await web.journey.kubectl('set', 'image', 'pod/web', `${WEB}=${elsewhere(RUNS)}`)
      await eventually('it runs that image', async () => {
        const [status] = (await web.journey.pod('web')).status?.containerStatuses ?? []
        return status?.ready && status.restartCount === 1 && status.imageID?.endsWith(elsewhere(RUNS).slice(7))
      })
    })
    expect(traffic.said).toEqual([answerOf(RUNS)])
    expect(traffic.gaps).toBe(1)
  })
})
