/** Environment and flags → checked, frozen Config. The only place that reads `process.env`. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { Command, CommanderError } from 'commander'
import { redact } from '../mqtt-bridge/index.ts'
import { otherNamespace, type Warning, withoutEffect } from './config/of-the-peer.ts'
import { flagOf, OPTIONS, type Option, type OptionName, type OptionValues } from './config/options.ts'

export interface Config extends Omit<OptionValues, 'mqttPort' | 'mqttBroker' | 'clientId' | 'mqttClientPrefix'> {
  readonly clientId: string
  readonly mqttClientId: string
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly brokerUrl: string
}

export type Reading =
  | { readonly kind: 'config'; readonly config: Config; readonly warnings: readonly Warning[] }
  /** Nothing to run: --help, --version (0) or errors (2). */
  | { readonly kind: 'exit'; readonly code: 0 | 2; readonly output: string }

type Environment = Readonly<Record<string, string | undefined>>

/** Filled in by the bundler; the sources read the package. */
export const VERSION: string = process.env.KOUPLELESS_VERSION ?? versionOfPackage()

function versionOfPackage(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

const NAMES = Object.keys(OPTIONS) as readonly OptionName[]
const optionOf = (name: OptionName): Option<unknown> => OPTIONS[name]

/** A flag wins over its variable; an empty variable counts as none. All faults are told at once. */
export function readConfig(
  argv: readonly string[] = process.argv.slice(2),
  env: Environment = process.env,
  randomPart: () => string = () => 'local',
): Reading {
  const command = newCommand()
  const faults: string[] = []
  const flags = readFlags(command, argv, faults)
  if ('output' in flags) return { kind: 'exit', code: 0, output: flags.output }
  const values = readValues(flags.given, env, faults)
  faults.push(...faultsBetween(values, { ...env }))
  if (faults.length === 0) return reading(values, env, randomPart)
  return { kind: 'exit', code: 2, output: `${faults.map(fault => `error: ${fault}`).join('\n')}\n\n${usage(command)}` }
}

function reading(values: OptionValues, env: Environment, randomPart: () => string): Reading {
  const config = Object.freeze(configOf(values, randomPart))
  return { kind: 'config', config, warnings: [...withoutEffect(env), ...otherNamespace(env, config)] }
}

const usage = (command: Command): string =>
  `usage: ${command.name()} [options]\n${command.name()} --help lists all options and their variables\n`

function newCommand(): Command {
  const command = new Command('module-controller')
    .description('Shows Koupleless bases to Kubernetes as Nodes and runs module Pods on them.')
    .version(VERSION)
    .exitOverride()
    .allowUnknownOption()
    .allowExcessArguments()
    .configureHelp({ helpWidth: 120, sortOptions: false })
    .addHelpText('after', `\n${flaglessHelp()}\nA flag wins over its variable. Details: README, "Configuration".`)
  for (const name of NAMES) {
    const long = flagOf(optionOf(name))
    if (long !== undefined) command.option(`${long} ${placeholder(optionOf(name))}`, describe(optionOf(name)))
  }
  return command
}

/** A switch may stand alone: `--embedded-broker`. */
const placeholder = ({ kind }: Option<unknown>): string => (kind.takes === 'true | false' ? '[bool]' : '<value>')

function describe({ env, help, kind, default: preset }: Option<unknown>): string {
  const given = preset === undefined || preset === '' ? '' : `, default ${preset}`
  return `${help} (${env}; ${kind.takes}${given})`
}

function flaglessHelp(): string {
  const flagless = NAMES.map(optionOf).filter(option => flagOf(option) === undefined)
  return `By environment variable only:\n${flagless.map(({ env, help }) => `  ${env}  ${help}`).join('\n')}\n`
}

type Flags = { readonly output: string } | { readonly given: Readonly<Record<string, unknown>> }

function readFlags(command: Command, argv: readonly string[], faults: string[]): Flags {
  let output = ''
  const writeOut = (text: string): void => {
    output += text
  }
  command.configureOutput({ writeOut, writeErr: () => undefined })
  try {
    // Unknown options and stray words are faults beside the others, not instead of them.
    const strays = command.parse([...argv], { from: 'user' }).args
    for (const stray of strays) faults.push(`${nameOf(stray)}: there is no such option`)
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { output }
    faults.push(redact(error.message.replace(/^error: /, '')))
  }
  return { given: command.opts() }
}

/** Only what looks like an option is echoed, and nothing behind its "=": the rest may be a password typed in a wrong place. */
const nameOf = (stray: string): string =>
  /^--?[A-Za-z][A-Za-z0-9-]*(?==|$)/.exec(stray)?.[0] ?? 'a word without an option'

function readValues(flags: Readonly<Record<string, unknown>>, env: Environment, faults: string[]): OptionValues {
  const values = NAMES.map(name => [name, readValue(name, flags, env, faults)])
  return Object.fromEntries(values) as OptionValues
}

function readValue(
  name: OptionName,
  flags: Readonly<Record<string, unknown>>,
  env: Environment,
  faults: string[],
): unknown {
  const option = optionOf(name)
  const flagged = flags[camelCase(option.env)]
  const fromFlag = flagged === undefined ? undefined : String(flagged)
  const text = fromFlag ?? (variable(option, env) || option.default)
  if (text === undefined) return undefined
  const parsed = option.kind.parse(text)
  if (parsed.ok) return parsed.value
  const spelled = fromFlag === undefined ? option.env : `${option.env} (${flagOf(option) ?? ''})`
  const got = option.secret ? 'a value that is not shown' : `"${redact(text)}"`
  faults.push(`${spelled}: got ${got}${parsed.why ? `, which ${parsed.why}` : ''}; takes ${option.kind.takes}`)
  return undefined
}

const variable = ({ env: name, also = '' }: Option<unknown>, env: Environment): string | undefined =>
  env[name] || env[also]

const camelCase = (variable: string): string =>
  variable.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** What only several options together can have wrong. One that failed alone is undefined here. */
function faultsBetween(values: OptionValues, env: Environment): readonly string[] {
  const faults: string[] = []
  const { baseSilentAfterMs: silent, baseDeadAfterMs: dead } = values
  if (dead <= silent) {
    faults.push(`BASE_DEAD_AFTER: got ${dead / 1_000}s; takes a duration above BASE_SILENT_AFTER (${silent / 1_000}s)`)
  }
  if (!values.mqttClientCrtPath !== !values.mqttClientKeyPath) {
    const missing = values.mqttClientCrtPath ? 'MQTT_CLIENT_KEY_PATH' : 'MQTT_CLIENT_CRT_PATH'
    faults.push(`${missing}: got nothing; takes a PEM file, since the other half of the pair is given`)
  }
  if (values.enableMqttTunnel === false) {
    faults.push('ENABLE_MQTT_TUNNEL: got "false"; takes true, for MQTT is the only tunnel there is')
  }
  const clash = values.debugPort !== 0 && values.debugPort === values.httpPort
  if (clash) faults.push(`DEBUG_PORT: got "${values.debugPort}", as HTTP_PORT; takes a port of its own`)
  return [...faults, ...loginFaults(values), ...brokerFaults(values, env)]
}

function loginFaults(values: OptionValues): readonly string[] {
  const pairs = [
    ['MQTT_USERNAME', values.mqttUsername, values.mqttUsernamePath],
    ['MQTT_PASSWORD', values.mqttPassword, values.mqttPasswordPath],
  ] as const
  return pairs.flatMap(([name, value, path]) => {
    if (path === undefined) return []
    if (value !== undefined) return [`${name}_PATH: got a file, though ${name} is given too; takes one of the two`]
    // Else everybody would be let in, where a password was meant to be asked for.
    if (values.embeddedBroker) return [`${name}_PATH: got a file; the embedded broker takes ${name} alone`]
    return []
  })
}

function brokerFaults(values: OptionValues, env: Environment): readonly string[] {
  const { mqttBroker, embeddedBroker } = values
  if (mqttBroker === undefined || (embeddedBroker && !env.MQTT_BROKER)) return []
  const fault = brokerFault(mqttBroker, usesCertificates(values))
  return fault === undefined ? [] : [`MQTT_BROKER: ${fault}; takes ${OPTIONS.mqttBroker.kind.takes}`]
}

const usesCertificates = ({ mqttCaPath, mqttClientCrtPath }: OptionValues): boolean =>
  Boolean(mqttCaPath || mqttClientCrtPath)

function brokerFault(broker: string, usesTls: boolean): string | undefined {
  const address = addressOf(broker)
  if (!address) return `got "${redact(broker)}"`
  if (address.username || address.password) {
    return 'got an address with user or password, which belong in MQTT_USERNAME and MQTT_PASSWORD'
  }
  return usesTls && /^mqtt:/i.test(broker)
    ? `got "${redact(broker)}", which is not encrypted, though certificates are given`
    : undefined
}

function addressOf(broker: string): URL | undefined {
  const url = broker.includes('://') ? broker : `mqtt://${broker.split(':').length > 2 ? `[${broker}]` : broker}`
  if (!URL.canParse(url)) return undefined
  const address = new URL(url)
  const isBroker = address.protocol === 'mqtt:' || address.protocol === 'mqtts:'
  return isBroker && address.hostname !== '' && /^\/?$/.test(address.pathname) ? address : undefined
}

function configOf(values: OptionValues, randomPart: () => string): Config {
  const { mqttBroker, mqttPort, mqttClientPrefix, clientId = `${shortHost()}-${randomPart()}`, ...rest } = values
  // Some brokers take no other form, and the rights that a broker gives may hang on it.
  const mqttClientId = `${mqttClientPrefix}@@@${clientId}`
  return { ...rest, clientId, mqttClientId, brokerUrl: brokerUrl(values) }
}

/** A Pod's name, mostly. */
const shortHost = (): string =>
  hostname()
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 64)

function brokerUrl(values: OptionValues): string {
  const address = addressOf(values.mqttBroker)
  if (values.embeddedBroker || !address) return embeddedBrokerUrl(values)
  const isSecure = address.protocol === 'mqtts:' || usesCertificates(values)
  const port = values.mqttPort ?? (Number(address.port) || (isSecure ? 8883 : 1883))
  return `${isSecure ? 'mqtts' : 'mqtt'}://${address.hostname}:${port}`
}

function embeddedBrokerUrl({ embeddedBrokerHost: host, embeddedBrokerPort: port }: OptionValues): string {
  const anywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }
  return `mqtt://${anywhere[host] ?? (host.includes(':') ? `[${host}]` : host)}:${port}`
}
