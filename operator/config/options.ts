/** Every option once: its variable, flag, default, help and check. `--help` and the table of the docs are made from this. */
import { isLabelValue, NODE_NAME_FORMAT_DEFAULT, nodeNameFormatFault } from '../../reconcilers/node-identity.ts'
import {
  address,
  bytes,
  checked,
  duration,
  flag,
  integer,
  type Kind,
  listOf,
  oneOf,
  port,
  positive,
  proxy,
  text,
} from './values.ts'

export interface Option<T> {
  /** The environment variable; the flag is the same in kebab-case unless there is none. */
  readonly env: string
  /** Another name for the same, as others know it. */
  readonly also?: string
  /** As it would be written in the environment; undefined: unset, and the value is then undefined. */
  readonly default?: string
  readonly help: string
  readonly kind: Kind<T>
  /** Never shown, and no flag: the arguments of a process can be read by all on its machine. */
  readonly secret?: true
  /** A flag that begins with `--no-` would be read as a switch. */
  readonly flagless?: true
}

type Preset<T> = Option<T> & { readonly default: string }

const given = <T>(env: string, preset: string, kind: Kind<T>, help: string): Preset<T> => ({
  env,
  default: preset,
  kind,
  help,
})
const optional = <T>(env: string, kind: Kind<T>, help: string): Option<T> => ({ env, kind, help })
const secret = (env: string, help: string): Option<string> => ({ env, kind: text(), help, secret: true })

const envName = checked('a Kubernetes label value without / + #', value =>
  isLabelValue(value) && value !== '' ? undefined : 'is no label value',
)
const namespaceFault = (value: string): string | undefined =>
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value) ? undefined : 'is no DNS-1123 label'
const ownNamespace = checked('the name of a namespace', namespaceFault)
const namespaces = listOf('names of namespaces, parted by commas; empty for all', namespaceFault)
const clientName = checked('up to 128 letters, digits, - _ and .', value =>
  /^[A-Za-z0-9._-]{1,128}$/.test(value) ? undefined : 'has other characters, or too many',
)
const nodeNameFormat = checked('a name with {identity}, and {env} if you like', nodeNameFormatFault)

export const OPTIONS = {
  env: given('ENV', 'dev', envName, 'Environment: only bases that speak of this one are served'),
  watchNamespaces: given('WATCH_NAMESPACES', '', namespaces, 'Serve the module Pods of these namespaces only'),
  clientId: optional(
    'CLIENT_ID',
    clientName,
    'Name of this process: holder of Leases, end of its MQTT client id; unset: host name and a random part',
  ),
  peerReplicas: given(
    'PEER_REPLICAS',
    'true',
    flag(),
    'Share the bases with the other replicas of this ENV; false only where there can never be a second',
  ),
  podNamespace: {
    ...given(
      'POD_NAMESPACE',
      'koupleless-system',
      ownNamespace,
      'Namespace the operator itself runs in, where it keeps its memory and the Leases of its replicas; NAMESPACE is read too',
    ),
    also: 'NAMESPACE',
  },

  enableMqttTunnel: given('ENABLE_MQTT_TUNNEL', 'true', flag(), 'Speak to bases over MQTT'),
  mqttBroker: given('MQTT_BROKER', '127.0.0.1', text('a host, mqtt://host or mqtts://host'), 'Address of the broker'),
  mqttPort: optional('MQTT_PORT', port(), 'Port of the broker; unset: 1883, with TLS 8883'),
  mqttUsername: optional('MQTT_USERNAME', text(), 'User at the broker'),
  mqttPassword: secret('MQTT_PASSWORD', 'Password at the broker'),
  mqttUsernamePath: optional('MQTT_USERNAME_PATH', text('a file'), 'File that holds the user, instead'),
  mqttPasswordPath: optional(
    'MQTT_PASSWORD_PATH',
    text('a file'),
    'File that holds the password, instead; what changes in files is taken up within ten seconds',
  ),
  mqttClientPrefix: given(
    'MQTT_CLIENT_PREFIX',
    'koupleless',
    clientName,
    'The MQTT client id is <prefix>@@@<CLIENT_ID>',
  ),
  mqttCaPath: optional('MQTT_CA_PATH', text('a PEM file'), 'CA that signed the broker; given: TLS is used'),
  mqttClientCrtPath: optional('MQTT_CLIENT_CRT_PATH', text('a PEM file'), 'Client certificate for the broker'),
  mqttClientKeyPath: optional('MQTT_CLIENT_KEY_PATH', text('a PEM file'), 'Key of the client certificate'),
  mqttProtocolVersion: given('MQTT_PROTOCOL_VERSION', '4', oneOf('4', '5'), 'MQTT 3.1.1 (4) or MQTT 5'),
  embeddedBroker: given(
    'EMBEDDED_BROKER',
    'false',
    flag(),
    'Run a broker inside the operator, to try things: bases lose it with the operator, and it speaks no TLS',
  ),
  embeddedBrokerHost: given('EMBEDDED_BROKER_HOST', '127.0.0.1', address(), 'Where the embedded broker listens'),
  embeddedBrokerPort: given('EMBEDDED_BROKER_PORT', '1883', port(), 'Port of the embedded broker'),

  nodeNameFormat: given('NODE_NAME_FORMAT', NODE_NAME_FORMAT_DEFAULT, nodeNameFormat, 'Name of the Node of a base'),
  nodeEnvTaint: given(
    'NODE_ENV_TAINT',
    'false',
    flag(),
    'Taint Nodes with schedule.koupleless.io/node-env=<env>:NoExecute too',
  ),
  podCapacity: given('POD_CAPACITY', '110', integer(1, 65_535), 'Pods that a base may hold'),
  defaultMetaspaceBytes: given(
    'DEFAULT_METASPACE_BYTES',
    '1Gi',
    bytes('16Mi', '1024Gi'),
    'Memory capacity of a base whose JVM has no -XX:MaxMetaspaceSize',
  ),

  baseSilentAfterMs: given(
    'BASE_SILENT_AFTER',
    '25s',
    duration('5s', '10m'),
    'A base that answers nothing for so long is not Ready',
  ),
  baseDeadAfterMs: given(
    'BASE_DEAD_AFTER',
    '200s',
    duration('10s', '24h'),
    'A base that answers nothing for so long is dead: its Node goes and its Pods are replaced',
  ),
  evictionRate: optional(
    'EVICTION_RATE',
    positive(1_000),
    'Bases declared dead per second; unset: 0.1 for each 50 bases, and never less than 0.1',
  ),
  installDeadlineMs: given(
    'INSTALL_DEADLINE',
    '5m',
    duration('1s', '24h'),
    'A command that a base has not answered for so long is reported as hanging',
  ),
  maxBases: given('MAX_BASES', '5000', integer(1, 100_000), 'Bases served at most; more are refused'),
  foreignModules: given(
    'FOREIGN_MODULES',
    'keep',
    oneOf('keep', 'uninstall'),
    'What becomes of modules that no Pod asked for and the operator did not install',
  ),

  kubeconfig: optional(
    'KUBECONFIG',
    text('a file, or several parted by :'),
    'How to reach the API server; unset: ~/.kube/config, else the service account of the Pod',
  ),
  httpsProxy: {
    ...optional(
      'HTTPS_PROXY',
      proxy(),
      'Proxy on the way to the API server, unless proxy-url of the kubeconfig names another; https_proxy is read too',
    ),
    also: 'https_proxy',
  },
  noProxy: {
    ...optional(
      'NO_PROXY',
      text('names, addresses and networks, parted by commas'),
      'API servers reached without that proxy; no_proxy is read too',
    ),
    also: 'no_proxy',
    flagless: true,
  },
  kubeApiQps: given('KUBE_API_QPS', '300', positive(100_000), 'Requests to the API server per second'),
  kubeApiBurst: given('KUBE_API_BURST', '600', integer(1, 100_000), 'Requests to the API server at once'),

  httpHost: given('HTTP_HOST', '127.0.0.1', address(), 'Where /healthz, /readyz and /metrics listen'),
  httpPort: given('HTTP_PORT', '9090', port(), 'Port of /healthz, /readyz and /metrics'),
  debugPort: given('DEBUG_PORT', '9091', port(0), 'Port of /debug/state, on loopback only; 0: none'),
  logLevel: given('LOG_LEVEL', 'info', oneOf('debug', 'info', 'warn', 'error'), 'Lines below this level are left out'),
  logFormat: given('LOG_FORMAT', 'auto', oneOf('json', 'pretty', 'auto'), 'auto: pretty on a terminal, else JSON'),
} as const satisfies Readonly<Record<string, Option<unknown>>>

export type OptionName = keyof typeof OPTIONS
type ValueOf<O> = O extends Preset<infer T> ? T : O extends Option<infer T> ? T | undefined : never
export type OptionValues = { readonly [Name in OptionName]: ValueOf<(typeof OPTIONS)[Name]> }

/** `--mqtt-broker`; undefined where there is none. */
export const flagOf = ({ env, secret: isSecret, flagless }: Option<unknown>): string | undefined =>
  isSecret || flagless ? undefined : `--${env.toLowerCase().replaceAll('_', '-')}`
