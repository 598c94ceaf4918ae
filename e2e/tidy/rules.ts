/** The house rules. Each says what is wrong and what to do instead. */
import ts from 'typescript'
import { importsOf, lineOf, type SourceFile } from './source-file.ts'

export interface Fault {
  readonly where: string
  readonly what: string
}
export type Rule = (file: SourceFile) => readonly Fault[]

const FUNCTION_LINES_MAX = 70
const FILE_LINES_MAX = 400
const PARAMETERS_MAX = 4
const LINE_LENGTH_MAX = 160

const isTest = (path: string): boolean => /\.test\.ts$|\/a-[a-z-]+\.ts$|contract\.ts$/.test(path)
const at = (file: SourceFile, line: number, what: string): Fault => ({ where: `${file.path}:${line}`, what })

export const sizes: Rule = file => {
  const faults: Fault[] = []
  const lines = file.text.split('\n')
  if (lines.length - 1 > FILE_LINES_MAX)
    faults.push(at(file, 1, `${lines.length - 1} lines: split it by concept (${FILE_LINES_MAX} at most)`))
  for (const [index, line] of lines.entries()) {
    if (line.length > LINE_LENGTH_MAX && !line.includes('http'))
      faults.push(at(file, index + 1, `${line.length} columns: break the line`))
  }
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) faults.push(...functionFaults(file, node))
    ts.forEachChild(node, visit)
  }
  visit(file.tree)
  return faults
}

function functionFaults(file: SourceFile, node: ts.SignatureDeclaration): readonly Fault[] {
  const start = lineOf(file, node)
  const length = file.tree.getLineAndCharacterOfPosition(node.getEnd()).line + 2 - start
  const faults: Fault[] = []
  if (length > FUNCTION_LINES_MAX && !isTest(file.path))
    faults.push(at(file, start, `function of ${length} lines: ${FUNCTION_LINES_MAX} at most`))
  if (node.parameters.length > PARAMETERS_MAX)
    faults.push(at(file, start, `${node.parameters.length} parameters: hand in one object`))
  return faults
}

const ROOMS = ['mqtt-bridge', 'reconcilers', 'operator', 'e2e']
const roomOf = (path: string): string => path.split('/')[0] ?? ''
const reconcilerOf = (path: string): string | undefined =>
  /^reconcilers\/(node-lease|pod-lifecycle|base-tunnel|peer-replicas)\//.exec(path)?.[1]

/** `operator → reconcilers → mqtt-bridge`: never up, never sideways; reconcilers know only the bridge's door. */
export const importDirection: Rule = file => {
  const own = ROOMS.indexOf(roomOf(file.path))
  return importsOf(file).flatMap(({ target, line }) => {
    const theirs = ROOMS.indexOf(roomOf(target))
    if (theirs > own && own >= 0)
      return [at(file, line, `imports ${target}: rooms look down only (${[...ROOMS].reverse().join(' → ')})`)]
    if (roomOf(file.path) === 'reconcilers' && roomOf(target) === 'mqtt-bridge' && target !== 'mqtt-bridge/index.ts') {
      return [at(file, line, `imports ${target}: use the door, mqtt-bridge/index.ts`)]
    }
    const [from, to] = [reconcilerOf(file.path), reconcilerOf(target)]
    return from && to && from !== to
      ? [at(file, line, `imports ${target}: reconcilers meet in the registry, not in each other`)]
      : []
  })
}

const PURE_FILES = [
  /^reconcilers\/(.*plan|.*lease|claims|node-identity|events|.*-status|.*-object|.*standing|.*provenance)\.ts$/,
  /^reconcilers\/registry\/observe.*\.ts$/,
  /^mqtt-bridge\/arklet\//,
]
const isPure = (path: string): boolean => PURE_FILES.some(pattern => pattern.test(path)) && !isTest(path)

/** What decides may not be able to do. */
export const purity: Rule = file =>
  !isPure(file.path)
    ? []
    : importsOf(file)
        .filter(
          ({ target, typeOnly }) =>
            !typeOnly && /(^|\/)ports\.ts$|^node:(fs|http|https|timers|child_process)/.test(target),
        )
        .map(({ target, line }) => at(file, line, `imports ${target}: this file decides, a shell does`))

/** A package stands behind one file, so that it can be replaced. */
const BEHIND: Readonly<Record<string, RegExp>> = {
  'async-mqtt': /^mqtt-bridge\/transport\/mqtt[a-z-]*\.ts$/,
  aedes: /^(mqtt-bridge\/transport\/|e2e\/)/,
  winston: /^operator\/logger[a-z-]*\.ts$/,
  'prom-client': /^operator\/http\//,
  commander: /^(operator\/config|e2e\/)/,
  '@dot-i/k8s-operator': /^operator\//,
}
export const behindOneFile: Rule = file =>
  importsOf(file).flatMap(({ target, line, typeOnly }) => {
    const allowed = BEHIND[target]
    if (allowed && !allowed.test(file.path) && !isTest(file.path))
      return [at(file, line, `imports ${target}: only ${allowed.source} may`)]
    if (target === 'lru-cache' && file.path.startsWith('reconcilers/registry/'))
      return [at(file, line, 'the registry may not forget: no lru-cache here')]
    const client = target === '@kubernetes/client-node' && !typeOnly
    if (client && !/^(operator\/|e2e\/)/.test(file.path))
      return [at(file, line, 'Kubernetes types by `import type` outside operator/')]
    return []
  })

interface Ban {
  readonly pattern: RegExp
  readonly instead: string
  readonly allowed: RegExp
}
const CLOCK_FILES = /^(operator\/clock\.ts|mqtt-bridge\/transport\/|e2e\/)/
const BANS: readonly Ban[] = [
  { pattern: /\bDate\.now\b/, instead: 'a Clock handed in', allowed: CLOCK_FILES },
  { pattern: /\b(setTimeout|setInterval)\(/, instead: 'clock.sleep', allowed: CLOCK_FILES },
  { pattern: /\bperformance\.now\b/, instead: 'a Clock handed in', allowed: CLOCK_FILES },
  { pattern: /\bMath\.random\b/, instead: 'an Rng handed in', allowed: CLOCK_FILES },
  { pattern: /\brandomUUID\b/, instead: 'an id source handed in', allowed: CLOCK_FILES },
  { pattern: /\bprocess\.env\b/, instead: 'Config', allowed: /^(operator\/(config|main)|e2e\/)/ },
  {
    pattern: /\bprocess\.exit\(/,
    instead: 'a thrown error, or process.exitCode',
    allowed: /^(operator\/main\.ts|e2e\/)/,
  },
  { pattern: /\bpkill\b|\bkillall\b/, instead: 'ending a process by its id', allowed: /^$/ },
  { pattern: /\b(TODO|FIXME|XXX)\b/, instead: 'doing it, or an issue', allowed: /^$/ },
  { pattern: /\b(test|it|describe)\.(only|skip|todo)\(/, instead: 'a test that runs', allowed: /^$/ },
  {
    pattern: /@ts-(ignore|expect-error|nocheck)|biome-ignore|eslint-disable/,
    instead: 'code that needs no exception',
    allowed: /^$/,
  },
  { pattern: /(?<![\w.-])\/(work|root|home\/\w+)\//, instead: 'a path that is right on every machine', allowed: /^$/ },
]

const withoutText = (file: SourceFile): string => {
  const text = [...file.text]
  const blank = (start: number, end: number): void => {
    for (let index = start; index < end; index++) if (text[index] !== '\n') text[index] = ' '
  }
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isRegularExpressionLiteral(node)) blank(node.getStart(), node.getEnd())
    ts.forEachChild(node, visit)
  }
  visit(file.tree)
  return text.join('')
}

export const bannedCalls: Rule = file => {
  const testing = isTest(file.path)
  const lines = withoutText(file).split('\n')
  return BANS.flatMap(({ pattern, instead, allowed }) => {
    const excused = allowed.test(file.path) || (testing && allowed === CLOCK_FILES)
    if (excused) return []
    return lines.flatMap((line, index) =>
      pattern.test(line) ? [at(file, index + 1, `${pattern.exec(line)?.[0].trim()}: use ${instead}`)] : [],
    )
  })
}

const VAGUE = /^(utils?|helpers?|common|types|misc|index\.d)$/

export const fileNames: Rule = file => {
  const name =
    file.path
      .split('/')
      .at(-1)
      ?.replace(/(\.(test|contract\.test|property\.test|config))?\.ts$/, '') ?? ''
  if (VAGUE.test(name)) return [at(file, 1, `${name} names no concept: what is in it?`)]
  return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) ? [] : [at(file, 1, 'file names are kebab-case')]
}

/** A file that nothing imports and nobody starts. */
export function deadFiles(files: readonly SourceFile[], entries: readonly RegExp[]): readonly Fault[] {
  const used = new Set(files.flatMap(file => importsOf(file).map(({ target }) => target)))
  return files
    .filter(({ path }) => !used.has(path) && !entries.some(entry => entry.test(path)))
    .map(file => at(file, 1, 'nothing imports this file and nobody starts it'))
}

export function importCycles(files: readonly SourceFile[]): readonly Fault[] {
  const edges = new Map(
    files.map(file => [
      file.path,
      importsOf(file)
        .filter(({ typeOnly }) => !typeOnly)
        .map(({ target }) => target),
    ]),
  )
  const done = new Set<string>()
  const faults: Fault[] = []
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      faults.push({ where: path, what: `import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}` })
      return
    }
    if (done.has(path)) return
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path])
    done.add(path)
  }
  for (const file of files) walk(file.path, [])
  return faults
}

export const RULES: readonly Rule[] = [sizes, importDirection, purity, behindOneFile, bannedCalls, fileNames]
