import { describe, expect, test } from 'vitest'
import type { BaseOptions } from './base-options.ts'
import { VirtualClock } from './clock.ts'
import { MemoryBroker } from './link-memory.ts'
import { SimulatedBase } from './simulated-base.ts'

/** What no capture shows alone; the others are replayed in `e2e/base-contract`. */
class WebLab {
  readonly clock = new VirtualClock()
  readonly broker = new MemoryBroker(this.clock)
  readonly base: SimulatedBase

  constructor(options: Partial<BaseOptions> = { webServer: 'servlet' }) {
    this.base = new SimulatedBase(
      { identity: 'b1', installMs: 400, uninstallMs: 10, ...options },
      { clock: this.clock, openLink: this.broker.open, random: () => 0.5 },
    )
    this.base.start().catch(() => {})
    this.clock.advance(20)
  }

  tell(verb: string, payload: object = {}): void {
    this.broker.publish(`koupleless_dev/b1/${verb}`, JSON.stringify(payload))
  }

  /** `name:version`, and what the jar does. */
  install(biz: string, query = '?web', more: object = {}): void {
    const [bizName, bizVersion] = biz.split(':')
    this.tell('installBiz', { bizName, bizVersion, bizUrl: `http://jars.example/x.jar${query}`, ...more })
    this.clock.advance(1_000)
  }

  health(): { readonly pluginListInfo: readonly object[]; readonly bizListInfo: readonly object[] } {
    this.tell('health')
    const said = this.broker.published.findLast(({ topic }) => topic.endsWith('/base/health'))?.payload ?? ''
    return JSON.parse(said).data.data.healthData
  }

  get running(): readonly string[] {
    return this.base.bizs().map(({ name, version }) => `${name}:${version}`)
  }
}

describe('a base with a web server', () => {
  test('lists the plugin that lends it, and the path of each module as its manifest spells it', () => {
    const lab = new WebLab()
    lab.install('shop:1', '?webContextPath=shop')
    const { pluginListInfo, bizListInfo } = lab.health()
    expect(pluginListInfo[0]).toMatchObject({
      artifactId: 'web-ark-plugin',
      groupId: 'com.alipay.sofa',
      pluginName: 'web-ark-plugin',
    })
    expect(bizListInfo).toEqual([
      { bizName: 'shop', bizState: 'ACTIVATED', bizVersion: '1', webContextPath: 'shop' },
      { bizName: 'base', bizState: 'ACTIVATED', bizVersion: '1.0.0', webContextPath: '/' },
    ])
    expect(new WebLab({ webServer: 'reactive' }).health().pluginListInfo[0]).toMatchObject({
      artifactId: 'netty-ark-plugin',
    })
  })

  test('answers below a path, and not beside it', () => {
    const lab = new WebLab()
    lab.install('shop:1', '?webContextPath=shop')
    const paths = ['/shop', '/shop/', '/shop/cart/7', 'shop', '/shopping', '/']
    expect(paths.map(path => lab.base.answersAt(path))).toEqual([
      'shop:1',
      'shop:1',
      'shop:1',
      'shop:1',
      'base',
      'base',
    ])
  })

  test('takes requests for a module that is not up yet, and not until it has its path', () => {
    const lab = new WebLab()
    lab.tell('installBiz', { bizName: 'shop', bizVersion: '1', bizUrl: 'http://jars.example/x.jar?web' })
    lab.clock.advance(299)
    expect(lab.base.answersAt('/shop')).toBe('base')
    lab.clock.advance(1)
    expect(lab.base.answersAt('/shop')).toBe('shop:1')
    expect(lab.base.bizs()).toMatchObject([{ state: 'resolved' }])
  })

  test('answers nobody at a path whose module stops, though it takes its time', () => {
    const lab = new WebLab({ webServer: 'servlet', uninstallMs: 5_000 })
    lab.install('shop:1')
    lab.tell('uninstallBiz', { bizName: 'shop', bizVersion: '1' })
    expect([lab.base.answersAt('/shop'), lab.running]).toEqual(['base', ['shop:1']])
  })

  test('has all paths free after a restart, and no library loaded', () => {
    const lab = new WebLab()
    lab.install('shop:1', '?web&bind=lib')
    lab.base.kill()
    expect(lab.base.answersAt('/shop')).toBeUndefined()
    lab.base.restart().catch(() => {})
    lab.clock.advance(20)
    expect(lab.base.answersAt('/shop')).toBe('base')
    lab.install('shop:2', '?web&bind=lib')
    expect(lab.running).toEqual(['shop:2'])
  })

  test('answers where a property says, and tells the path of the manifest', () => {
    const lab = new WebLab()
    lab.install('shop:1', '?webContextPath=shop&property=/real')
    expect([lab.base.answersAt('/shop'), lab.base.answersAt('/real')]).toEqual(['base', 'shop:1'])
    lab.install('other:1', '?webContextPath=/real')
    expect(lab.running).toEqual(['shop:1'])
    expect(JSON.stringify(lab.health().bizListInfo)).toContain('"webContextPath":"shop"')
  })

  test.each([
    ['--server.servlet.context-path=/proof', '/proof'],
    ['--server.servlet.contextPath=/proof/', '/proof'],
    ['--server.servlet.context-path=', '/shop'],
  ])('reads %s as Spring does', (arg, path) => {
    const lab = new WebLab()
    lab.install('shop:1', '?web', { args: [arg] })
    expect(lab.base.answersAt(path)).toBe('shop:1')
  })

  test('mends by uninstallThenInstall what a JVM has only once, but for a library', () => {
    const lab = new WebLab()
    for (const [name, kind] of Object.entries({ p: 'port', m: 'mbean', l: 'lock', r: 'rmi', n: 'lib' })) {
      lab.install(`${name}:1`, `?bind=${kind}`)
      lab.install(`${name}:2`, `?bind=${kind}`)
      expect(lab.running).toContain(`${name}:1`)
      expect(lab.running).not.toContain(`${name}:2`)
      lab.install(`${name}:2`, `?bind=${kind}`, { installStrategy: 'uninstallThenInstall' })
    }
    expect([...lab.running].sort()).toEqual(['l:2', 'm:2', 'p:2', 'r:2'])
  })
})

test('a base without one does not care what a jar says of the web', () => {
  const lab = new WebLab({})
  lab.install('shop:1', '?webContextPath=/shop')
  lab.install('shop:2', '?webContextPath=/shop')
  expect(lab.running).toHaveLength(2)
  expect(lab.base.answersAt('/shop')).toBeUndefined()
  expect(lab.health().pluginListInfo).toHaveLength(1)
})
