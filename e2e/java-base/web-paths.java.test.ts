/** Whose path is it? What a web base says and does where modules want the same one, and where they cannot stand twice otherwise. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../control-plane/free-port.ts'
import type { Install } from './commander.ts'
import { ASTRAY, OWNER, PORT, RUNS, SLASHED, TWIN, WEB, WEB_PATH } from './web-jars.ts'
import { DONE, instead, OLD, proofOf, said, taken, WebStand } from './web-stand.ts'

let stand: WebStand
beforeAll(async () => {
  stand = await WebStand.open(true)
})
beforeEach(() => stand.clear())
afterAll(() => stand[Symbol.asyncDispose]())

const owner: Install = { name: OWNER, version: '1.0.0' }
const twin: Install = { name: TWIN, version: '1.0.0' }
const slashedTwin: Install = { name: TWIN, version: SLASHED }

interface Health {
  readonly pluginListInfo: readonly unknown[]
  readonly masterBizInfo: unknown
  readonly bizListInfo: readonly unknown[]
}
async function health(): Promise<Health> {
  const { data } = JSON.parse(await stand.commander.health()) as { data: { data: { healthData: Health } } }
  return data.data.healthData
}

describe('the health of a web base', () => {
  test('names the plugin', async () => {
    expect((await health()).pluginListInfo).toContainEqual(
      expect.objectContaining({
        groupId: 'com.alipay.sofa',
        artifactId: 'web-ark-plugin',
        pluginName: 'web-ark-plugin',
        pluginVersion: '3.1.4',
      }),
    )
  })

  test('has the path that each module was packed with, as it was written there, web application or not', async () => {
    await stand.install(OLD, slashedTwin, { name: 'biz2', version: '0.0.1' })
    const { masterBizInfo, bizListInfo } = await health()
    const itself = { bizName: 'base', bizState: 'ACTIVATED', bizVersion: '1.0.0', webContextPath: '/' }
    const listed = (bizName: string, bizVersion: string, webContextPath: string): object => ({
      bizName,
      bizState: 'ACTIVATED',
      bizVersion,
      webContextPath,
    })
    expect(masterBizInfo).toEqual(itself)
    expect(bizListInfo).toHaveLength(4)
    expect(bizListInfo).toEqual(
      expect.arrayContaining([
        itself,
        listed(WEB, RUNS, WEB_PATH),
        listed(TWIN, SLASHED, `/${WEB_PATH}`),
        listed('biz2', '0.0.1', 'biz2'),
      ]),
    )
  })

  test('has that path also of a version that stands at another one', async () => {
    await stand.install(proofOf(OLD))
    expect((await health()).bizListInfo).toContainEqual(
      expect.objectContaining({ bizName: WEB, webContextPath: WEB_PATH }),
    )
    expect(await stand.answer(`${WEB_PATH}/version`)).toBe('503')
  })
})

describe('a path that another module has', () => {
  test('is refused in the same words as one that an own version has', async () => {
    await stand.install(OLD)
    expect(await stand.commander.install(twin)).toEqual(taken(WEB_PATH))
    expect(await stand.answer(`${WEB_PATH}/version`)).toBe(`200 ${said(OLD)}`)
  })

  test('costs a new version that wants it its old one for nothing, when it is installed instead of that', async () => {
    const astray: Install = { name: WEB, version: ASTRAY }
    await stand.install(OLD, owner)
    expect(await stand.commander.install(astray)).toEqual(taken(OWNER))
    expect(await stand.commander.install(instead(astray))).toEqual(taken(OWNER))
    expect(await stand.commander.runs()).toEqual([`${said(owner)} activated`])
    expect(await stand.answer(`${OWNER}/version`)).toBe(`200 ${said(owner)}`)
    expect(await stand.answer(`${WEB_PATH}/version`)).toBe('503')
  })

  test('is no obstacle where that module is no web application', async () => {
    await stand.install({ name: 'biz1', version: '0.0.1' })
    expect(await stand.answer('biz1')).toBe('200 biz1:0.0.1')
    await stand.install(OLD, { name: 'biz1', version: '0.0.2' })
    expect(await stand.answer('biz1')).toBe(`200 ${said(OLD)}`)
  })

  test('is not seen to be the same with a slash before it: the later one takes the requests, and the path goes with it', async () => {
    await stand.install(OLD)
    const traffic = await stand.during('another module at the same path with a slash', () => stand.install(slashedTwin))
    expect(traffic.said).toEqual([said(OLD), said(slashedTwin)])
    expect(traffic.failed).toBe(0)
    await stand.uninstall(slashedTwin)
    expect(await stand.commander.runs()).toEqual([`${said(OLD)} activated`])
    expect(await stand.answer(`${WEB_PATH}/version`)).toBe('503')
    await stand.install(instead(OLD))
    expect(await stand.answer(`${WEB_PATH}/version`)).toBe(`200 ${said(OLD)}`)
  })

  test('nor does the later one answer once the one that came first is gone', async () => {
    await stand.install(OLD, slashedTwin)
    await stand.uninstall(OLD)
    expect(await stand.commander.runs()).toEqual([`${said(slashedTwin)} activated`])
    expect(await stand.answer(`${WEB_PATH}/version`)).toBe('503')
  })
})

test('a module without a web context gives way to its next version with no request failed, as on the other base', async () => {
  const version = (bizVersion: string): Install => ({ name: 'biz1', version: bizVersion })
  await stand.install(version('0.0.1'))
  const traffic = await stand.during('a module without a web context, on a web base', async () => {
    await stand.install(version('0.0.2'))
    await stand.uninstall(version('0.0.1'))
  })
  expect(traffic.said).toEqual(['biz1:0.0.1', 'biz1:0.0.2'])
  expect(traffic.failed).toBe(0)
})

test('a port of its own lets no second version stand either, and is free once the first is gone', async () => {
  const args = [`--port=${await freePort()}`]
  const port = (version: string): Install => ({ name: PORT, version, args })
  await stand.install(port('0.0.1'))
  const { isOk, cause } = await stand.commander.install(port('0.0.2'))
  expect(isOk).toBe(false)
  expect(cause).toMatch(/^java\.net\.BindException: Address already in use/)
  expect(await stand.commander.runs()).toEqual(['port:0.0.1 activated'])
  expect(await stand.commander.install(instead(port('0.0.2')))).toEqual(DONE)
  expect(await stand.commander.runs()).toEqual(['port:0.0.2 activated'])
})
