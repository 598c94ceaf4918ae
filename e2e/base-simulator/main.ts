import { Command, InvalidArgumentError, Option } from 'commander'
import { startFleet } from './fleet.ts'
import { attendTerminal } from './terminal.ts'
import type { WebServerKind } from './web-server.ts'

/**
 * Bases to play with: `tsx e2e/base-simulator/main.ts --port 1883 --bases 2`. Reads from its input: see terminal.ts.
 */
const number = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number, not negative')
  return value
}

const flags = new Command('base-simulator')
  .description('Simulated Koupleless bases on an MQTT broker')
  .option('--host <host>', 'broker', '127.0.0.1')
  .requiredOption('--port <port>', "the broker's port", number)
  .option('--username <name>')
  .option('--password <password>')
  .option('--env <env>', 'as the operator has it', 'dev')
  .option('--bases <count>', 'how many; they are called b1, b2, …', number, 1)
  .option('--name <name>', "name in the bases' metadata", 'base')
  .option('--base-version <version>', "version in the bases' metadata", '1.1.1')
  .option('--install-ms <ms>', 'how long an install takes (default: 300-500)', number)
  .addOption(
    new Option('--web-server <kind>', 'what they lend to web modules')
      .choices(['none', 'servlet', 'reactive'] satisfies WebServerKind[])
      .default('none'),
  )
  .option('--shared-connections <count>', '0: a connection for each base', number, 0)
  .parse()
  .opts<{
    host: string
    port: number
    username?: string
    password?: string
    env: string
    bases: number
    name: string
    baseVersion: string
    installMs?: number
    webServer: WebServerKind
    sharedConnections: number
  }>()

const { host, port, username, password, env, name, installMs, webServer } = flags
const common = { env, name, version: flags.baseVersion, webServer, ...(installMs !== undefined && { installMs }) }

const fleet = await startFleet(flags.bases, {
  ...common,
  broker: { host, port, ...(username && { username }), ...(password && { password }) },
  sharedConnections: flags.sharedConnections,
}).catch((error: Error) => {
  console.error(error.message)
  return process.exit(1)
})
const herd = {
  bases: fleet.bases,
  get: (identity: string) => fleet.get(identity),
  start: (options: Parameters<typeof fleet.start>[0]) => fleet.start({ ...common, ip: fleet.nextIp(), ...options }),
}

const leave = async (): Promise<void> => {
  await fleet.close()
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void leave())

await attendTerminal(herd)
await leave()
