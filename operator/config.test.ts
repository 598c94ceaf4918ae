import { expect, test } from 'vitest'
import { flagOf, OPTIONS, type Option } from './config/options.ts'
import { type Config, readConfig, VERSION } from './config.ts'

const ALL: readonly Option<unknown>[] = Object.values(OPTIONS)

function config(env: Readonly<Record<string, string>> = {}, ...argv: readonly string[]): Config {
  const reading = readConfig(argv, env)
  if (reading.kind !== 'config') throw new Error(reading.output)
  return reading.config
}

function refusal(env: Readonly<Record<string, string>>, ...argv: readonly string[]): string {
  const reading = readConfig(argv, env)
  if (reading.kind !== 'exit') throw new Error('was taken')
  expect(reading.code).toBe(2)
  return reading.output
}

test('without any setting there is a whole, frozen configuration', () => {
  const plain = config()
  expect(plain).toMatchObject({
    env: 'dev',
    watchNamespaces: [],
    podNamespace: 'koupleless-system',
    brokerUrl: 'mqtt://127.0.0.1:1883',
    baseSilentAfterMs: 25_000,
    baseDeadAfterMs: 200_000,
    installDeadlineMs: 300_000,
    podCapacity: 110,
    foreignModules: 'keep',
    nodeNameFormat: 'virtual-node-{identity}',
    nodeEnvTaint: false,
    httpHost: '127.0.0.1',
  })
  expect(plain.evictionRate).toBeUndefined()
  expect(plain.clientId).toMatch(/-local$/)
  expect(Object.isFrozen(plain)).toBe(true)
})

test('a proxy is read by either name, and may lack its scheme', () => {
  expect(config({ https_proxy: 'proxy:3128', no_proxy: 'a,b' })).toMatchObject({
    httpsProxy: 'http://proxy:3128',
    noProxy: 'a,b',
  })
  expect(config({ HTTPS_PROXY: 'https://one', https_proxy: 'two' }).httpsProxy).toBe('https://one')
  expect(refusal({ HTTPS_PROXY: 'socks5://me:pw@p' })).toContain('HTTPS_PROXY: got "socks5://')
  expect(refusal({ HTTPS_PROXY: 'socks5://me:pw@p' })).not.toContain('pw')
})

test('the names of the peer mean what they meant there', () => {
  const peers = config({
    ENV: 'prod',
    NAMESPACE: 'koupleless',
    CLIENT_ID: 'c-1',
    ENABLE_MQTT_TUNNEL: 'true',
    MQTT_BROKER: 'mqtt.example.com',
    MQTT_PORT: '2883',
    MQTT_USERNAME: 'me',
    MQTT_PASSWORD: 'hunter2',
    MQTT_CLIENT_PREFIX: 'mc',
  })
  expect(peers).toMatchObject({
    env: 'prod',
    podNamespace: 'koupleless',
    watchNamespaces: [],
    clientId: 'c-1',
    brokerUrl: 'mqtt://mqtt.example.com:2883',
    mqttUsername: 'me',
    mqttPassword: 'hunter2',
    mqttClientId: 'mc@@@c-1',
  })
})

test('which namespaces are served, each once', () => {
  expect(config({ WATCH_NAMESPACES: 'shop, bar,,shop' }).watchNamespaces).toEqual(['shop', 'bar'])
})

test('a setting of the peer that has no effect is told once, with what to use instead', () => {
  const warnings = (env: Readonly<Record<string, string>>) => {
    const reading = readConfig([], env)
    return reading.kind === 'config' ? reading.warnings.map(({ variable }) => variable) : [reading.output]
  }
  const none = ['ENABLE_HTTP_TUNNEL', 'ENABLE_MODULE_DEPLOYMENT_CONTROLLER', 'REPORT_HOOKS', 'VNODE_WORKER_NUM']
  expect(warnings(Object.fromEntries(none.map(name => [name, 'true'])))).toEqual(none)
  expect(warnings({ ENABLE_HTTP_TUNNEL: 'false', REPORT_HOOKS: '', ENV: 'prod' })).toEqual([])
  expect(warnings({ NAMESPACE: 'koupleless' })).toEqual([])
  expect(warnings({ NAMESPACE: 'shop', POD_NAMESPACE: 'koupleless' })).toEqual(['NAMESPACE'])
})

test.each([
  [{ MQTT_BROKER: 'mqtts://b' }, 'mqtts://b:8883'],
  [{ MQTT_BROKER: 'b:99' }, 'mqtt://b:99'],
  [{ MQTT_BROKER: 'b', MQTT_CA_PATH: '/ca.pem' }, 'mqtts://b:8883'],
  [{ MQTT_BROKER: 'b', MQTT_CA_PATH: '/ca.pem', MQTT_PORT: '1' }, 'mqtts://b:1'],
  [{ MQTT_BROKER: '::1' }, 'mqtt://[::1]:1883'],
  [{ EMBEDDED_BROKER: 'true', EMBEDDED_BROKER_PORT: '5' }, 'mqtt://127.0.0.1:5'],
  [{ EMBEDDED_BROKER: 'true', EMBEDDED_BROKER_HOST: '0.0.0.0', MQTT_BROKER: 'other' }, 'mqtt://127.0.0.1:1883'],
])('where the broker is: %o → %s', (env, url) => {
  expect(config(env).brokerUrl).toBe(url)
})

test('a flag wins over its variable, an empty variable is none', () => {
  expect(config({ ENV: 'a' }, '--env', 'b').env).toBe('b')
  expect(config({ ENV: '' }).env).toBe('dev')
  expect(config({}, '--embedded-broker').embeddedBroker).toBe(true)
  expect(config({ EMBEDDED_BROKER: 'true' }, '--embedded-broker', 'false').embeddedBroker).toBe(false)
  expect(config({}, '--base-dead-after=1h30m').baseDeadAfterMs).toBe(5_400_000)
})

test.each([
  ['ENV', 'a/b'],
  ['POD_NAMESPACE', 'Not_A_Namespace'],
  ['WATCH_NAMESPACES', 'shop,Not_A_Namespace'],
  ['CLIENT_ID', 'a b'],
  ['MQTT_PORT', '70000'],
  ['MQTT_PROTOCOL_VERSION', '3'],
  ['NODE_NAME_FORMAT', 'all-the-same'],
  ['NODE_ENV_TAINT', 'perhaps'],
  ['BASE_SILENT_AFTER', '25'],
  ['BASE_DEAD_AFTER', '-5s'],
  ['EVICTION_RATE', '0'],
  ['INSTALL_DEADLINE', 'soon'],
  ['MAX_BASES', '1e9'],
  ['FOREIGN_MODULES', 'Keep'],
  ['EMBEDDED_BROKER_HOST', 'localhost:1'],
  ['HTTP_PORT', '0x50'],
  ['LOG_LEVEL', 'trace'],
  ['KUBE_API_QPS', 'many'],
  ['DEFAULT_METASPACE_BYTES', '1Ti'],
])('%s=%s is refused with its name, what it got and what it takes', (name, value) => {
  const output = refusal({ [name]: value })
  const option = ALL.find(({ env }) => env === name)
  expect(output).toContain(`${name}: got "${value}"`)
  expect(output).toContain(`takes ${option?.kind.takes ?? ''}`)
  expect(output).toContain('usage: ')
})

test('all faults are told at once, flags that nobody knows among them', () => {
  const output = refusal({ MQTT_PORT: 'x', LOG_LEVEL: 'y', ENV: '' }, '--no-such-flag', '--http-port', 'z')
  for (const fault of ['MQTT_PORT', 'LOG_LEVEL', '--no-such-flag', 'HTTP_PORT (--http-port): got "z"']) {
    expect(output).toContain(fault)
  }
  expect(output.match(/^error: /gm)).toHaveLength(4)
})

test.each([
  [{ BASE_SILENT_AFTER: '60s', BASE_DEAD_AFTER: '30s' }, 'BASE_DEAD_AFTER'],
  [{ MQTT_BROKER: 'b', MQTT_CLIENT_CRT_PATH: '/crt' }, 'MQTT_CLIENT_KEY_PATH: got nothing'],
  [{ MQTT_BROKER: 'mqtt://b', MQTT_CA_PATH: '/ca' }, 'not encrypted'],
  [{ MQTT_USERNAME: 'me', MQTT_USERNAME_PATH: '/user' }, 'MQTT_USERNAME_PATH: got a file, though MQTT_USERNAME'],
  [{ MQTT_PASSWORD: 'hunter2', MQTT_PASSWORD_PATH: '/word' }, 'takes one of the two'],
  [{ EMBEDDED_BROKER: 'true', MQTT_PASSWORD_PATH: '/word' }, 'the embedded broker takes MQTT_PASSWORD alone'],
  [{ ENABLE_MQTT_TUNNEL: 'false' }, 'ENABLE_MQTT_TUNNEL'],
  [{ HTTP_PORT: '7000', DEBUG_PORT: '7000' }, 'DEBUG_PORT'],
  [{ MQTT_BROKER: 'amqp://b' }, 'MQTT_BROKER'],
])('what only two together can have wrong: %o', (env, fault) => {
  expect(refusal(env)).toContain(fault)
})

test('no secret is ever echoed', () => {
  expect(refusal({ MQTT_BROKER: 'mqtt://root:hunter2@b' })).not.toContain('hunter2')
  expect(refusal({ MQTT_PORT: 'mqtt://root:hunter2@b' })).not.toContain('hunter2')
  for (const argv of [['--mqtt-password', 'hunter2'], ['--mqtt-password=hunter2']]) {
    expect(refusal({}, ...argv)).toContain('--mqtt-password: there is no such option')
    expect(refusal({}, ...argv)).not.toContain('hunter2')
  }
  expect(config({ MQTT_PASSWORD: 'hunter2' }).mqttPassword).toBe('hunter2')
})

test('--help tells every variable with its flag, --version the version; neither is an error', () => {
  const help = readConfig(['--help'], {})
  expect(help).toMatchObject({ kind: 'exit', code: 0 })
  const output = help.kind === 'exit' ? help.output : ''
  for (const option of ALL) {
    expect(output).toContain(option.env)
    expect(output).toContain(flagOf(option) ?? option.env)
  }
  expect(readConfig(['--version'], {})).toEqual({ kind: 'exit', code: 0, output: `${VERSION}\n` })
})

test('every default is one that its own option takes', () => {
  for (const { env, default: preset, kind } of ALL) {
    if (preset !== undefined) expect(kind.parse(preset).ok, env).toBe(true)
  }
})
