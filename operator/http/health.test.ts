import { expect, test } from 'vitest'
import type { LinkState } from '../../mqtt-bridge/index.ts'
import { healthPage, type Readiness, readyPage } from './health.ts'

const NO_QUERY = new URLSearchParams()
const up: LinkState = { connected: true, epoch: 1, sinceMs: 0, why: 'connected' }
const down: LinkState = { connected: false, epoch: 0, sinceMs: 0, why: 'mqtt://broker:1883 refuses the connection' }
const ready = (readiness: Partial<Readiness>) =>
  readyPage(() => ({ synced: true, link: up, started: true, ...readiness }))(NO_QUERY)

test('alive is who answers, whatever is lost', async () => {
  expect(await healthPage(NO_QUERY)).toMatchObject({ status: 200, body: 'ok\n' })
})

test('ready when API, tunnel and controllers are', async () => {
  expect(await ready({})).toMatchObject({ status: 200, body: '[+] api ok\n[+] tunnel ok\n[+] controllers ok\nready\n' })
})

test('ready still, while the connection that stands cannot be renewed; and why it cannot', async () => {
  const reply = await ready({ link: { ...up, renewalFault: 'CA ca.crt cannot be read' } })
  expect(reply.status).toBe(200)
  expect(reply.body).toContain('[+] tunnel ok, but: cannot be renewed: CA ca.crt cannot be read\n')
})

test.each<[string, Partial<Readiness>, string]>([
  ['the API server was not listed', { synced: false }, '[-] api: the watches have not listed yet'],
  [
    'the API server is not trusted',
    { synced: false, apiFault: 'list pods: self-signed certificate\n' },
    '[-] api: the watches have not listed yet: list pods: self-signed certificate',
  ],
  ['the broker is away', { link: down }, '[-] tunnel: mqtt://broker:1883 refuses the connection'],
  ['the broker was not tried', { link: undefined }, '[-] tunnel: not tried yet'],
  ['bases are not taken up', { started: false }, '[-] controllers: not started yet'],
])('not ready, and why: %s', async (_what, readiness, line) => {
  const reply = await ready(readiness)
  expect(reply.status).toBe(503)
  expect(reply.body.split('\n')).toContain(line)
  expect(reply.body).toMatch(/not ready\n$/)
})
