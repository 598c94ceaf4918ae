/** The order in which parts are opened, and with it, reversed, the one in which they are closed. */
import { openMqttTransport, startEmbeddedBroker, type Transport } from '../mqtt-bridge/index.ts'
import { leaseName, nodeName } from '../reconcilers/names.ts'
import { adoptNode } from '../reconcilers/node-lease/adopt.ts'
import { ApiError } from '../reconcilers/ports.ts'
import type { Composition, Foundation } from './compose.ts'
import type { Config } from './config.ts'
import { debugPage } from './http/debug-state.ts'
import { healthPage, readyPage } from './http/health.ts'
import type { PrometheusMetrics } from './http/metrics.ts'
import { serve } from './http/server.ts'
import type { Opened } from './opened.ts'

export interface ProcessFoundation extends Foundation {
  /** Texts that no log shows. */
  readonly secrets: Set<string>
  readonly metrics: PrometheusMetrics
}

const LOOPBACK = '127.0.0.1'
/** What is under way when we are told to stop: API calls, mostly. */
const CONTROLLERS_END_WITHIN_MS = 800
const MEMORY_TRIES = 5
const MEMORY_RETRY_MS = 1_000

/**
 * Resolves when told to stop. Whatever was opened by then stands in `opened`, for the caller to close.
 * @throws ArkletError BROKER_CONFIG, Error where it cannot listen, or another process took our place
 */
export async function run(
  foundation: ProcessFoundation,
  composition: Composition,
  opened: Opened,
  stop: AbortSignal,
): Promise<void> {
  // First, since it only checks: a wrong certificate is told before anything else is begun.
  const transport = brokerTransport(foundation)
  const progress = { started: false }
  await openHttp(foundation, composition, opened, progress)
  await operate(foundation, composition, { transport, opened, progress, stop })
}

/** What surrounds the parts in one process. */
export interface Surroundings {
  readonly transport: Transport
  readonly opened: Opened
  readonly progress: { started: boolean }
  readonly stop: AbortSignal
}

/** All but the sockets of the process: no way to the broker, none to probes. */
export async function operate(
  foundation: Foundation,
  composition: Composition,
  { transport, opened, progress, stop }: Surroundings,
): Promise<void> {
  const { config, log, clock } = foundation
  if (!(await openWatches(composition, opened, stop))) return
  await adoptBases(foundation, composition, stop)
  await openBroker(config, opened)
  if (stop.aborted) return
  opened.add('bridge', composition.tunnelLink.open({ env: config.env, transport, hearing: composition.hearing, clock }))
  const ending = new AbortController()
  const ended = Promise.all(composition.controllers.map(controller => controller.run(ending.signal)))
  opened.onClose('membership', () => composition.shares.release())
  opened.onClose('controllers', () => {
    composition.shares.stop()
    ending.abort()
    return Promise.race([ended, clock.sleep(CONTROLLERS_END_WITHIN_MS, new AbortController().signal)])
  })
  composition.wakes.everything()
  progress.started = true
  log.info('started', { env: config.env, bases: composition.registry.size, broker: config.brokerUrl })
  await Promise.race([ended, aborted(stop), fault(composition.shares.deposed)])
}

/** Whoever started us starts us again: in a new life we may take our place back, if the other is gone by then. */
async function fault(deposed: Promise<string>): Promise<never> {
  throw new Error(await deposed)
}

function brokerTransport({ config, secrets }: ProcessFoundation): Transport {
  const { mqttCaPath, mqttClientCrtPath, mqttClientKeyPath, mqttUsername, mqttPassword } = config
  const { mqttUsernamePath, mqttPasswordPath } = config
  return openMqttTransport({
    url: config.brokerUrl,
    clientId: config.mqttClientId,
    protocolVersion: config.mqttProtocolVersion === '5' ? 5 : 4,
    ...(mqttCaPath !== undefined && { caPath: mqttCaPath }),
    ...(mqttClientCrtPath !== undefined && { clientCrtPath: mqttClientCrtPath }),
    ...(mqttClientKeyPath !== undefined && { clientKeyPath: mqttClientKeyPath }),
    ...(mqttUsername !== undefined && { username: mqttUsername }),
    ...(mqttPassword !== undefined && { password: mqttPassword }),
    ...(mqttUsernamePath !== undefined && { usernamePath: mqttUsernamePath }),
    ...(mqttPasswordPath !== undefined && { passwordPath: mqttPasswordPath }),
    onPassword: password => secrets.add(password),
  })
}

/** Probes are answered from the first moment on. */
async function openHttp(
  { config, clock, log, metrics }: ProcessFoundation,
  { store, registry, controllers }: Composition,
  opened: Opened,
  progress: { readonly started: boolean },
): Promise<void> {
  const readiness = () => {
    const { synced, fault: apiFault } = store
    return { synced, apiFault, link: registry.link, started: progress.started }
  }
  const pages = { '/healthz': healthPage, '/readyz': readyPage(readiness), '/metrics': metrics.page }
  const { port } = opened.add('http', await serve({ host: config.httpHost, port: config.httpPort, pages, log }))
  log.info('listening', { host: config.httpHost, port })
  if (config.debugPort === 0) return
  const state = debugPage({
    now: () => clock.now(),
    bases: () => registry.list(),
    link: () => registry.link,
    store,
    controllers,
  })
  opened.add('debug', await serve({ host: LOOPBACK, port: config.debugPort, pages: { '/debug/state': state }, log }))
}

/** False: told to stop before all had listed. */
async function openWatches(
  { api, watches, serverVersion }: Composition,
  opened: Opened,
  stop: AbortSignal,
): Promise<boolean> {
  opened.add('api', api)
  opened.onClose('watches', () => watches.stopped())
  await Promise.race([watches.start().then(() => serverVersion.ask(stop)), aborted(stop)])
  return !stop.aborted
}

/** Whom the Nodes tell of, and then the dead who may return: all of them are asked before anything is decided. */
async function adoptBases(foundation: Foundation, composition: Composition, stop: AbortSignal): Promise<void> {
  const { config, clock, log } = foundation
  const { store, registry } = composition
  for (const node of store.nodes()) {
    const name = nodeName(node.metadata?.name ?? '')
    const adopted = adoptNode(node, store.lease(leaseName(name)), config.env, clock.now())
    if (adopted.kind === 'base') registry.adopt(adopted.record)
    else log.warn('node not taken up', { node: name, why: adopted.why })
  }
  const fromNodes = registry.size
  log.info('bases taken up', { fromNodes, remembered: await recallDead(foundation, composition, stop) })
}

/** Without them we do everything all the same, but know less: no reason to wait for long. */
async function recallDead({ clock, log }: Foundation, { tunnel }: Composition, stop: AbortSignal): Promise<number> {
  for (let tries = 1; tries <= MEMORY_TRIES && !stop.aborted; tries++) {
    try {
      return await tunnel.restore()
    } catch (error) {
      log.warn('the dead bases are not recalled', { error: String(error), tries })
      if (error instanceof ApiError && error.status === 403) break
      await clock.sleep(MEMORY_RETRY_MS, stop)
    }
  }
  return 0
}

async function openBroker(config: Config, opened: Opened): Promise<void> {
  const { embeddedBroker, embeddedBrokerHost: host, embeddedBrokerPort: port, mqttUsername, mqttPassword } = config
  if (!embeddedBroker) return
  const users = {
    ...(mqttUsername !== undefined && { username: mqttUsername }),
    ...(mqttPassword !== undefined && { password: mqttPassword }),
  }
  opened.add('broker', await startEmbeddedBroker({ host, port, ...users }))
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
