/** The process as its users start it: what it says and how it ends. No API server and no broker are to be had here. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'

const MAIN = join(import.meta.dirname, 'main.ts')
const folder = mkdtempSync(join(tmpdir(), 'koupleless-main-'))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function start(env: Readonly<Record<string, string>>, ...flags: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...flags], {
    env: { HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let out = ''
  let err = ''
  child.stdout.on('data', data => {
    out += data
  })
  child.stderr.on('data', data => {
    err += data
  })
  const ended: Promise<Ended> = once(child, 'close').then(([code]) => ({ code, out, err }))
  return { child, ended, lines: () => out.trim().split('\n') }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function aKubeconfig(): Promise<string> {
  const path = join(folder, 'kubeconfig')
  const config = {
    clusters: [{ name: 'a', cluster: { server: `https://127.0.0.1:${await freePort()}` } }],
    users: [{ name: 'a', user: { token: 'not-shown-anywhere' } }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}

describe('without running', () => {
  test('--help lists every option, --version says which this is', async () => {
    const help = await start({}, '--help').ended
    expect([help.code, help.err]).toEqual([0, ''])
    for (const name of ['MQTT_BROKER', 'BASE_DEAD_AFTER', '--embedded-broker']) expect(help.out).toContain(name)
    expect(await start({}, '--version').ended).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })

  test('wrong configuration: all of it at once, on stderr, with code 2', async () => {
    const { code, out, err } = await start({ MQTT_PORT: 'many', BASE_SILENT_AFTER: '25', KUBECONFIG: '/x' }).ended
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('MQTT_PORT: got "many"')
    expect(err).toContain('BASE_SILENT_AFTER: got "25"')
    expect(err).toContain('usage:')
  })

  test.each([
    ['no cluster to be found', {}, 'KUBECONFIG: got nothing'],
    ['a kubeconfig that is not there', { KUBECONFIG: join(folder, 'missing') }, 'cannot be read'],
  ])('%s: code 2', async (_what, env, message) => {
    const { code, err } = await start(env).ended
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
  })

  test('a certificate that cannot be read: code 2, before anything is begun', async () => {
    const env = { KUBECONFIG: await aKubeconfig(), MQTT_CA_PATH: join(folder, 'missing.crt'), LOG_LEVEL: 'error' }
    const { code, err } = await start(env).ended
    expect([code, err]).toEqual([2, expect.stringMatching(/CA .*missing.crt cannot be read/)])
  })
})

describe('with neither API server nor broker', () => {
  test('it stays up and says what is missing; SIGTERM ends it cleanly within two seconds', async () => {
    const [http, debug, mqtt] = [await freePort(), await freePort(), await freePort()]
    const { child, ended, lines } = start({
      KUBECONFIG: await aKubeconfig(),
      HTTP_PORT: String(http),
      DEBUG_PORT: String(debug),
      MQTT_PORT: String(mqtt),
    })
    const get = (port: number, path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`)
    await vi.waitFor(async () => expect((await get(http, '/healthz')).status).toBe(200), { timeout: 20_000 })
    const ready = await get(http, '/readyz')
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('[-] api: the watches have not')])
    expect(await (await get(http, '/metrics')).text()).toContain('koupleless_broker_connected 0')
    expect(await (await get(debug, '/debug/state')).text()).toContain('synced=false')
    child.kill('SIGTERM')
    await vi.waitFor(() => expect(child.exitCode).toBe(0), { timeout: 2_000 })
    const { out, err } = await ended
    expect(err).toBe('')
    expect(lines().map(line => JSON.parse(line).message)).toEqual(
      expect.arrayContaining(['starting', 'listening', 'stopping', 'stopped']),
    )
    expect(out).not.toContain('not-shown-anywhere')
  })

  test('a port that is taken is told, and ends it', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as net.AddressInfo
    const { code, out } = await start({ KUBECONFIG: await aKubeconfig(), HTTP_PORT: String(port) }).ended
    taken.close()
    expect([code, out]).toEqual([1, expect.stringContaining(`cannot listen on 127.0.0.1:${port}`)])
  })
})
