/** The operator's way to an API server that is not the right one, or that does not take it: real TLS on both sides. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, afterEach, expect, test } from 'vitest'
import { type Pair, TestAuthority } from '../../mqtt-bridge/transport/test-certificates.ts'
import { aWitness } from '../../operator/kube/a-witness.ts'
import { ApiClient, type ApiRequest } from '../../operator/kube/api-client.ts'
import { readCredentials } from '../../operator/kube/credentials.ts'
import { SteppedClock } from '../../reconcilers/loop/stepped-clock.ts'
import { TokenBucket } from '../../reconcilers/loop/token-bucket.ts'

const GET: ApiRequest = { method: 'GET', path: '/api/v1/nodes/a', verb: 'get', resource: 'nodes' }
const ours = new TestAuthority('ours')
const foreign = new TestAuthority('foreign')
const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing[Symbol.asyncDispose]()
})
afterAll(() => {
  ours[Symbol.dispose]()
  foreign[Symbol.dispose]()
})

/** Answers with the common name of whoever asks. */
async function serve(pair: Pair, wantsCertificate = false): Promise<number> {
  const options = { cert: readFileSync(pair.crt), key: readFileSync(pair.key), ca: readFileSync(ours.caPath) }
  const server: Server = createServer({
    ...options,
    requestCert: wantsCertificate,
    rejectUnauthorized: wantsCertificate,
  })
  server.on('request', (request, response) => {
    const socket = request.socket as import('node:tls').TLSSocket
    response.end(JSON.stringify({ name: socket.getPeerCertificate().subject?.CN ?? '' }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  opened.push({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  })
  return (server.address() as AddressInfo).port
}

function clientOf(port: number, user: object) {
  const kubeConfig = new KubeConfig()
  const server = `https://127.0.0.1:${port}`
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'c', server, caFile: ours.caPath }],
    users: [{ name: 'u', ...user }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  })
  const clock = new SteppedClock(1_000_000)
  const stop = new AbortController()
  const brake = new TokenBucket({ ratePerSecond: 100, burst: 100, clock })
  const { log, metrics } = aWitness()
  const credentials = () => readCredentials(kubeConfig)
  const api = new ApiClient({ credentials, brake, metrics, clock, log, signal: stop.signal })
  opened.push(api)
  return { api, clock }
}

const failureOf = async (port: number, user: object = {}): Promise<string> =>
  clientOf(port, user)
    .api.send(GET)
    .then(() => 'no failure', String)

test.each<[string, () => Pair, RegExp]>([
  ['of another CA', () => foreign.issue('server', 'IP:127.0.0.1'), /unable to verify|UNABLE_TO_VERIFY_LEAF_SIGNATURE/],
  ['of another host', () => ours.issue('elsewhere', 'DNS:api.example'), /does not match certificate's altnames.*127/],
  ['that has expired', () => ours.issue('old', 'IP:127.0.0.1', -1), /certificate has expired/],
])('a certificate %s is refused, and the error says so', async (_what, pair, why) => {
  const failure = await failureOf(await serve(pair()), { token: 'not-shown' })
  expect(failure).toMatch(/get nodes: no answer from the API server/)
  expect(failure).toMatch(why)
  expect(failure).not.toContain('not-shown')
})

test('a certificate that is renewed on disk is shown within half a minute', async () => {
  const port = await serve(ours.issue('server', 'IP:127.0.0.1'), true)
  const used = ours.issue('one', 'DNS:client')
  const byCertificate = clientOf(port, { certFile: used.crt, keyFile: used.key })
  expect(await byCertificate.api.json(GET)).toMatchObject({ name: 'one' })
  const next = ours.issue('two', 'DNS:client')
  writeFileSync(used.crt, readFileSync(next.crt))
  writeFileSync(used.key, readFileSync(next.key))
  await byCertificate.clock.step(30_000)
  expect(await byCertificate.api.json(GET)).toMatchObject({ name: 'two' })
})
