/** What an operator may rely on where two versions of a web module cannot stand beside each other. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Install } from './commander.ts'
import { CAUSE, DEAF, FAILS, NEXT, RUNS, WEB, WEB_PATH } from './web-jars.ts'
import { DONE, instead, NEW, OLD, PROOF_PATH, proofOf, said, taken, WebStand } from './web-stand.ts'

interface Listed {
  readonly version: string
  readonly latestStateRecord: { readonly changeTime: number; readonly state: string }
}

describe.each([false, true])('activate.new.module=%s:', activates => {
  const ofOld = activates ? 'deactivated' : 'activated'
  const ofProof = activates ? 'activated' : 'deactivated'
  let stand: WebStand
  beforeAll(async () => {
    stand = await WebStand.open(activates)
  })
  beforeEach(() => stand.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  const recordOf = async (version: string): Promise<Listed['latestStateRecord'] | undefined> => {
    const { data } = JSON.parse(await stand.commander.snapshot()) as { data: readonly Listed[] }
    return data.find(listed => listed.version === version)?.latestStateRecord
  }

  test('a second version beside fails and says which path is taken; nothing is left of it', async () => {
    await stand.install(OLD)
    const traffic = await stand.during('a version that fails beside', async () => {
      expect(await stand.commander.install(NEW)).toEqual(taken(WEB_PATH))
    })
    expect(traffic.said).toEqual([said(OLD)])
    expect(traffic.failed).toBe(0)
    expect(await stand.commander.runs()).toEqual([`${said(OLD)} activated`])
  })

  test('under a path of its own it stands, and the old one answers on, whatever the states say', async () => {
    await stand.install(OLD)
    const traffic = await stand.during('a version that is proved beside', () => stand.install(proofOf(NEW)))
    expect(traffic.said).toEqual([said(OLD)])
    expect(traffic.failed).toBe(0)
    expect(await stand.commander.runs()).toEqual([`${said(OLD)} ${ofOld}`, `${said(NEW)} ${ofProof}`])
    expect(await stand.answer(`${WEB_PATH}/version`)).toBe(`200 ${said(OLD)}`)
    expect(await stand.answer(`${PROOF_PATH}/version`)).toBe(`200 ${said(NEW)}`)
  })

  test('a state record has a time and a state and no more; a switch gives both versions a new one', async () => {
    await stand.install(OLD)
    const before = await recordOf(RUNS)
    expect(before).toEqual({ changeTime: expect.any(Number), state: 'ACTIVATED' })
    await stand.install(proofOf(NEW))
    const [old, proof] = [await recordOf(RUNS), await recordOf(NEXT)]
    expect(proof).toEqual({ changeTime: expect.any(Number), state: ofProof.toUpperCase() })
    if (activates) expect(old).toEqual({ changeTime: expect.any(Number), state: 'DEACTIVATED' })
    else expect(old).toEqual(before)
    expect((old?.changeTime ?? 0) > (before?.changeTime ?? 0)).toBe(activates)
  })

  test('a proof that is uninstalled leaves the old version answering, in the state that the proof left it in', async () => {
    await stand.install(OLD, proofOf(NEW))
    const traffic = await stand.during('a proof that is uninstalled', () => stand.uninstall(NEW))
    expect(traffic.failed).toBe(0)
    expect(await stand.commander.runs()).toEqual([`${said(OLD)} ${ofOld}`])
    expect(await stand.answer(`${WEB_PATH}/version`)).toBe(`200 ${said(OLD)}`)
    expect(await stand.answer(`${PROOF_PATH}/version`)).toBe('503')
  })

  test('the proof is not the module: once the old version is uninstalled nobody answers', async () => {
    await stand.install(OLD, proofOf(NEW))
    await stand.uninstall(OLD)
    expect(await stand.commander.runs()).toEqual([`${said(NEW)} ${ofProof}`])
    expect(await stand.answer(`${WEB_PATH}/version`)).toBe('503')
    expect(await stand.answer(`${PROOF_PATH}/version`)).toBe(`200 ${said(NEW)}`)
  })

  test.each<[string, readonly Install[]]>([
    ['proved beside', [proofOf(NEW)]],
    ['not proved', []],
  ])(
    'uninstallThenInstall of a version that was %s: one gap, and the proof goes with the old one',
    async (how, first) => {
      for (let round = 0; round < 3; round += 1) {
        await stand.install(instead(OLD), ...first)
        const what = `uninstallThenInstall, ${how}, activate.new.module=${activates}`
        const traffic = await stand.during(what, () => stand.install(instead(NEW)))
        expect(traffic.said).toEqual([said(OLD), said(NEW)])
        expect(Object.keys(traffic.counts).sort()).toEqual([`200 ${said(OLD)}`, `200 ${said(NEW)}`, '503'])
        expect(await stand.commander.runs()).toEqual([`${said(NEW)} activated`])
        expect(await stand.answer(`${PROOF_PATH}/version`)).toBe('503')
      }
    },
  )

  test('a version that fails for its own sake says so under a path of its own alone, and harms nothing', async () => {
    const failing: Install = { name: WEB, version: FAILS }
    await stand.install(OLD)
    const traffic = await stand.during('a version that fails for its own sake, beside', async () => {
      expect(await stand.commander.install(failing)).toEqual(taken(WEB_PATH))
      const { isOk, cause } = await stand.commander.install(proofOf(failing))
      expect(isOk).toBe(false)
      expect(cause).toBe(`java.lang.IllegalStateException: ${CAUSE}`)
    })
    expect(traffic.failed).toBe(0)
    expect(await stand.commander.runs()).toEqual([`${said(OLD)} activated`])
    expect(await stand.answer(`${PROOF_PATH}/version`)).toBe('503')
  })

  test('a version whose main drops its args cannot be proved beside, and does well instead', async () => {
    const deaf: Install = { name: WEB, version: DEAF }
    await stand.install(OLD)
    const traffic = await stand.during('a version whose main drops its args, beside', async () => {
      expect(await stand.commander.install(proofOf(deaf))).toEqual(taken(WEB_PATH))
    })
    expect(traffic.failed).toBe(0)
    expect(await stand.commander.runs()).toEqual([`${said(OLD)} activated`])
    expect(await stand.commander.install(instead(deaf))).toEqual(DONE)
    expect(await stand.answer(`${WEB_PATH}/version`)).toBe(`200 ${said(deaf)}`)
  })
})
