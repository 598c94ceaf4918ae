import { faultAt, type Import, isForTests, type Rule, type SourceFile } from './source-file.ts'

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

function misdirected(file: SourceFile, { target }: Import): string | undefined {
  const [room, theirs] = [roomOf(file.path), roomOf(target)]
  if (!ROOMS.includes(theirs)) return undefined
  if (ROOMS.indexOf(theirs) > ROOMS.indexOf(room))
    return 'rooms look down only: e2e → operator → reconcilers → mqtt-bridge'
  if (room !== theirs && room !== 'e2e' && theirs === 'mqtt-bridge' && target !== BRIDGE_DOOR)
    return `use the door, ${BRIDGE_DOOR}`
  const [from, to] = [reconcilerOf(file.path), reconcilerOf(target)]
  if (from && to && from !== to) return 'reconcilers meet in the registry and in the API, not in each other'
  return SHARED.some(name => file.path.startsWith(`reconcilers/${name}/`)) && to
    ? 'what all share knows none of them'
    : undefined
}

/** `operator → reconcilers → mqtt-bridge`: never up, never sideways, and into the bridge by its door. */
export const importDirection: Rule = file =>
  file.imports.flatMap(each => {
    const fault = misdirected(file, each)
    return fault ? [faultAt(file, each.line, `imports ${each.target}: ${fault}`)] : []
  })

const PURE = [
  /^reconcilers\/(.*\/)?([a-z-]*plan|lease|claims|names|wake|events|baseline|node-object|[a-z-]*-status|[a-z-]*provenance)\.ts$/,
  /^reconcilers\/registry\/(observe|detect)[a-z-]*\.ts$/,
  /^mqtt-bridge\/arklet\/[a-z-]+\.ts$/,
]
const DOES = /(^|\/)[a-z-]*ports\.ts$|^node:(fs|net|http|https|tls|timers|child_process)(\/|$)/
const PURE_NAMES = new Set(['isIP', 'isIPv4', 'isIPv6'])

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
  mqtt: /^e2e\/base-simulator\//, // a base's own client: another than ours, on purpose
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
