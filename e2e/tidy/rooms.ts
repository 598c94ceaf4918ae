import { faultAt, isForTests, type Rule } from './source-file.ts'

/** From the floor up. */
const ROOMS = ['mqtt-bridge', 'reconcilers', 'operator', 'e2e']
const roomOf = (path: string): string => path.split('/')[0] ?? ''
const BRIDGE_DOOR = 'mqtt-bridge/index.ts'

/** Rooms of reconcilers that all may enter; any other folder is one reconciler. */
const SHARED = ['loop', 'registry']
function reconcilerOf(path: string): string | undefined {
  const folder = /^reconcilers\/([^/]+)\//.exec(path)?.[1]
  return folder && !SHARED.includes(folder) ? folder : undefined
}

function betweenRooms(from: string, target: string): string | undefined {
  const [room, theirs] = [roomOf(from), roomOf(target)]
  if (!ROOMS.includes(theirs)) return undefined
  if (ROOMS.indexOf(theirs) > ROOMS.indexOf(room))
    return 'rooms look down only: e2e → operator → reconcilers → mqtt-bridge'
  const isVisitor = room !== theirs && room !== 'e2e'
  return isVisitor && theirs === 'mqtt-bridge' && target !== BRIDGE_DOOR ? `use the door, ${BRIDGE_DOOR}` : undefined
}

function betweenReconcilers(from: string, target: string): string | undefined {
  const [own, theirs] = [reconcilerOf(from), reconcilerOf(target)]
  if (!theirs || own === theirs) return undefined
  if (own) return 'reconcilers meet in the registry and in the API, not in each other'
  return SHARED.some(name => from.startsWith(`reconcilers/${name}/`)) ? 'what all share knows none of them' : undefined
}

/** `operator → reconcilers → mqtt-bridge`: never up, never sideways, and into the bridge by its door. */
export const importDirection: Rule = file =>
  file.imports.flatMap(({ target, line }) => {
    const fault = betweenRooms(file.path, target) ?? betweenReconcilers(file.path, target)
    return fault ? [faultAt(file, line, `imports ${target}: ${fault}`)] : []
  })

const PURE = [
  /^reconcilers\/(.*\/)?([a-z-]*plan|lease|claims|names|wake|events|baseline|node-object|[a-z-]*-status|[a-z-]*provenance)\.ts$/,
  /^reconcilers\/registry\/(observe|detect)[a-z-]*\.ts$/,
  /^mqtt-bridge\/arklet\/[a-z-]+\.ts$/,
]
const DOES = /(^|\/)[a-z-]*ports\.ts$|^node:(fs|net|http|https|tls|timers|child_process)(\/|$)/
const PURE_NAMES = new Set(['isIP', 'isIPv4', 'isIPv6', 'BlockList'])

/** What decides may not be able to do. Types of ports are no harm: they vanish. */
export const purity: Rule = file => {
  if (isForTests(file.path) || !PURE.some(pattern => pattern.test(file.path))) return []
  return file.imports
    .filter(({ target, isTypeOnly }) => !isTypeOnly && DOES.test(target))
    .filter(({ names }) => names.length === 0 || names.some(name => !PURE_NAMES.has(name)))
    .map(({ target, line }) => faultAt(file, line, `imports ${target}: this file decides, a shell does`))
}

/** A package stands behind one file or folder, so that it can be replaced. */
const BEHIND: Readonly<Record<string, RegExp>> = {
  'async-mqtt': /^mqtt-bridge\/transport\/mqtt\.ts$/,
  mqtt: /^e2e\/(base-simulator|java-base)\//, // a base's own client: another than ours, on purpose
  aedes: /^mqtt-bridge\/transport\/embedded-broker\.ts$/,
  winston: /^operator\/logger\.ts$/,
  'prom-client': /^operator\/http\//,
  commander: /^(operator\/config\.ts$|e2e\/)/,
  undici: /^(operator\/kube\/|e2e\/)/,
  '@dot-i/k8s-operator': /^operator\/kube\/framework\.ts$/,
}

export const packages: Rule = file =>
  file.imports.flatMap(({ target, line, isTypeOnly }) => {
    const allowed = BEHIND[target]
    const fault = (what: string) => [faultAt(file, line, `imports ${target}: ${what}`)]
    if (allowed && !allowed.test(file.path)) return fault(`only ${allowed.source} may`)
    if (target === 'lru-cache' && file.path.startsWith('reconcilers/registry/'))
      return fault('the registry may not forget')
    const isClient = target === '@kubernetes/client-node' && !isTypeOnly
    return isClient && !/^(operator\/(kube\/|watches\.ts)|e2e\/)/.test(file.path)
      ? fault('Kubernetes types by `import type` outside operator/kube')
      : []
  })
