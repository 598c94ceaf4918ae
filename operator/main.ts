/** The process: reads its configuration, runs until a signal, ends cleanly. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { KubeConfig } from '@kubernetes/client-node'
import { ArkletError } from '../mqtt-bridge/index.ts'
import type { Log, LogFields } from '../reconcilers/ports.ts'
import { newClock, newRunIds, randomPart, rng } from './clock.ts'
import { compose } from './compose.ts'
import { type Reading, readConfig, VERSION } from './config.ts'
import { PrometheusMetrics } from './http/metrics.ts'
import { ApiClient, type RequestBrake } from './kube/api-client.ts'
import { readCredentials } from './kube/credentials.ts'
import { KubeConfigError, loadKubeConfig } from './kube/kube-config.ts'
import { newLog } from './logger.ts'
import { Opened } from './opened.ts'
import { run } from './run.ts'

const EXIT_CONFIG = 2
const EXIT_FAILED = 1
/** The promise is two seconds. */
const CLOSE_WITHIN_MS = 1_800

type Settings = Extract<Reading, { kind: 'config' }>

async function main(): Promise<number> {
  const reading = readConfig(undefined, undefined, randomPart)
  if (reading.kind === 'exit') {
    const stream = reading.code === 0 ? process.stdout : process.stderr
    stream.write(reading.output)
    return reading.code
  }
  try {
    return await operate(reading, loadKubeConfig(reading.config.kubeconfig))
  } catch (error) {
    if (!isConfigError(error)) throw error
    process.stderr.write(`error: ${error.message}\n\nmodule-controller --help lists all options and their variables\n`)
    return EXIT_CONFIG
  }
}

/** What a user can only mend in the configuration. */
const isConfigError = (error: unknown): error is Error =>
  error instanceof KubeConfigError || (error instanceof ArkletError && error.code === 'BROKER_CONFIG')

async function operate({ config, warnings }: Settings, kubeConfig: KubeConfig): Promise<number> {
  const clock = newClock()
  const metrics = new PrometheusMetrics()
  const runs = new AsyncLocalStorage<LogFields>()
  const secrets = new Set([config.mqttPassword ?? ''])
  const { logLevel: level, logFormat: format } = config
  const context = () => runs.getStore()
  const log = newLog({ level, format, secrets, metrics, clock, context, sink: process.stdout })
  const { stop, failed } = listenForEnd(log)
  const apiStop = new AbortController()
  const nextId = newRunIds()
  const { signal } = apiStop
  const credentials = () => readCredentials(kubeConfig, config)
  const openApi = (brake: RequestBrake) => new ApiClient({ credentials, brake, metrics, clock, log, signal })
  const foundation = { config, kubeConfig, clock, rng, log, metrics, nextId, runs, apiStop: signal, openApi, secrets }
  const opened = new Opened(log)
  opened.onClose('requests', () => apiStop.abort(new Error('stopped')))
  log.info('starting', { version: VERSION, env: config.env, client: config.clientId, node: process.version })
  for (const { variable, instead } of warnings) log.warn('a setting has no effect here', { variable, instead })
  const closed = async (): Promise<void> => {
    const late = new AbortController()
    await Promise.race([opened[Symbol.asyncDispose](), clock.sleep(CLOSE_WITHIN_MS, late.signal)])
    late.abort()
  }
  try {
    await run(foundation, compose(foundation), opened, stop)
  } catch (error) {
    if (isConfigError(error)) throw error
    log.error('failed', { error })
    return EXIT_FAILED
  } finally {
    await closed()
  }
  log.info('stopped')
  return failed() ? EXIT_FAILED : 0
}

/** A second signal ends at once: whoever sends it does not want to wait. */
function listenForEnd(log: Log): { readonly stop: AbortSignal; readonly failed: () => boolean } {
  const stopping = new AbortController()
  let hasFailed = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) process.exit(EXIT_FAILED)
    log.info('stopping', { signal })
    stopping.abort()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  // Not one of ours: no promise is left alone. What it left half done is unknown, so a fresh start is the cure.
  const onBug = (error: unknown): void => {
    log.error('bug: nobody handled this error', { error })
    if (hasFailed) return
    hasFailed = true
    stopping.abort()
  }
  process.on('unhandledRejection', onBug)
  process.on('uncaughtException', onBug)
  return { stop: stopping.signal, failed: () => hasFailed }
}

// Ended here, and not by running dry: a socket that somebody keeps open must not keep the process.
main().then(
  code => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exit(EXIT_FAILED)
  },
)
