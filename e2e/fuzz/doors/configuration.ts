/** Variables and flags, as an operator's owner, a template gone wrong, or somebody who looks for passwords would give them. */
import fc from 'fast-check'
import { OPTIONS } from '../../../operator/config/options.ts'
import { type Config, readConfig } from '../../../operator/config.ts'
import { type Door, must, type OpenDoor } from '../door.ts'
import { word } from '../hostile.ts'

interface Input {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Stands where only a password stands: it is never to be read anywhere. */
const SECRET = 'pw-4f9c2'
const VARIABLES = Object.values(OPTIONS).map(({ env }) => env)
const GOOD_VALUES = ['true', 'false', '1', '0', '30s', '5m', '1883', 'dev', 'info', 'json', 'localhost', '256Mi', '1.5']

const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...GOOD_VALUES) },
  { weight: 3, arbitrary: word },
  {
    weight: 1,
    arbitrary: fc.constantFrom(`mqtt://u:${SECRET}@h`, `mqtts://${SECRET}@h:1/`, '1e999', '0x7f', '-1', '٣'),
  },
)
const flagOf = (env: string): string => `--${env.toLowerCase().replaceAll('_', '-')}`
const flagged = fc.tuple(fc.constantFrom(...VARIABLES), value)
const argument: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 5, arbitrary: flagged.map(([env, text]) => [`${flagOf(env)}=${text}`]) },
  { weight: 3, arbitrary: flagged.map(([env, text]) => [flagOf(env), text]) },
  { weight: 1, arbitrary: fc.constant([`--mqtt-password=${SECRET}`]) },
  { weight: 1, arbitrary: fc.constant(['--mqtt-password', SECRET]) },
  { weight: 1, arbitrary: fc.constantFrom('--help', '--version', '-h', '--', '-', '--no-such').map(one => [one]) },
  { weight: 1, arbitrary: word.map(one => [one]) },
)

/** Node ends an argument or a variable at the first NUL: none ever comes. */
const withoutNul = (text: string): string => text.replaceAll('\0', '')

const inputs: fc.Arbitrary<Input> = fc.record({
  argv: fc.array(argument, { maxLength: 4 }).map(parts => parts.flat().map(withoutNul)),
  env: fc
    .dictionary(fc.constantFrom(...VARIABLES), value.map(withoutNul), { maxKeys: 5 })
    .chain(env => fc.constantFrom({}, { MQTT_PASSWORD: SECRET }).map(secrets => ({ ...env, ...secrets }))),
})

class Knocked implements OpenDoor<Input> {
  async knock({ argv, env }: Input): Promise<readonly string[]> {
    const reading = readConfig(argv, env, () => 'r')
    this.#goodGetsThrough()
    if (reading.kind === 'config') {
      mustBeTrue(reading.config)
      return ['accepted']
    }
    const { code, output } = reading
    must(!output.includes(SECRET), 'no password is shown', output)
    if (code === 0) return ['told']
    const faults = output.split('\n').filter(line => line.startsWith('error: '))
    must(faults.length > 0, 'what is refused is told', output)
    must(output.includes('--help'), 'and what to do next', output)
    return ['refused']
  }

  #goodGetsThrough(): void {
    must(readConfig([], {}, () => 'r').kind === 'config', 'the next good configuration is taken')
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** After the door, types are true: a number is one, and a broker has an address. */
function mustBeTrue(config: Config): void {
  must(Object.isFrozen(config), 'a configuration stays as it was read')
  must(URL.canParse(config.brokerUrl), 'the broker has an address', config.brokerUrl)
  for (const [name, read] of Object.entries(config))
    if (typeof read === 'number') must(Number.isFinite(read) && read >= 0, `${name} is a number to count with`, read)
}

export const CONFIGURATION: Door<Input> = {
  name: 'configuration',
  what: 'variables and flags',
  runsInTest: 1_000,
  cpuMsMax: 500,
  inputs,
  open: async () => new Knocked(),
}
