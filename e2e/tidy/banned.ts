import ts from 'typescript'
import { type Fault, faultAt, lineOf, type Rule, type SourceFile, walk } from './source-file.ts'

interface Ban {
  readonly instead: string
  readonly allowed: RegExp
}
const CLOCK: Ban = { instead: 'the Clock handed in', allowed: /^(operator\/clock\.ts$|mqtt-bridge\/transport\/|e2e\/)/ }
const RANDOM: Ban = { ...CLOCK, instead: 'the Rng handed in' }
const CONFIG: Ban = { instead: 'Config', allowed: /^(operator\/config\.ts$|e2e\/)/ }
const EXIT: Ban = { instead: 'a thrown error, or process.exitCode', allowed: /^(operator\/main\.ts$|e2e\/)/ }
const BY_ID: Ban = { instead: 'the process id', allowed: /^e2e\/tidy/ }

/** Names and member accesses, as the code says them. Words in strings and comments are not code. */
const BANS: Readonly<Record<string, Ban>> = {
  'Date.now': CLOCK,
  'new Date()': CLOCK,
  'performance.now': CLOCK,
  'process.hrtime': CLOCK,
  setTimeout: CLOCK,
  setInterval: CLOCK,
  'node:timers': CLOCK,
  'node:timers/promises': CLOCK,
  'Math.random': RANDOM,
  randomUUID: RANDOM,
  randomBytes: RANDOM,
  randomInt: RANDOM,
  'process.env': CONFIG,
  'process.exit': EXIT,
  pkill: BY_ID,
  killall: BY_ID,
}

interface Word {
  readonly text: string
  readonly line: number
}

function wordOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression))
    return `${node.expression.text}.${node.name.text}`
  if (ts.isNewExpression(node) && node.arguments?.length === 0) return `new ${node.expression.getText()}()`
  if (ts.isIdentifier(node) && !isName(node)) return node.text
  return undefined
}

/** A member or a key of that name is somebody's own; `globalThis.setTimeout` is not. */
function isName(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return parent.expression.getText() !== 'globalThis'
  return (
    (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isMethodSignature(parent)) &&
    parent.name === node
  )
}

/** A program to run is named in a string: of those, and only those, look at the first word. */
const programOf = (node: ts.Node): string | undefined =>
  ts.isStringLiteralLike(node) ? /^\s*(pkill|killall)\b/.exec(node.text)?.[1] : undefined

function wordsOf(file: SourceFile): readonly Word[] {
  const found: Word[] = file.imports.map(({ target, line }) => ({ text: target, line }))
  walk(file.tree, node => {
    const text = wordOf(node) ?? programOf(node)
    if (text !== undefined) found.push({ text, line: lineOf(file.tree, node) })
  })
  return found
}

export const bannedCalls: Rule = file => {
  const faults = wordsOf(file).flatMap(({ text, line }) => {
    const ban = Object.hasOwn(BANS, text) ? BANS[text] : undefined
    return ban && !ban.allowed.test(file.path) ? [faultAt(file, line, `${text}: use ${ban.instead}`)] : []
  })
  return unique(faults)
}

const unique = (faults: readonly Fault[]): readonly Fault[] => [
  ...new Map(faults.map(fault => [`${fault.where} ${fault.what}`, fault])).values(),
]

const LEFTOVERS: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, instead: 'do it, or open an issue' },
  {
    pattern: /@ts-(ignore|expect-error|nocheck)|biome-ignore|eslint-disable/,
    instead: 'write what needs no exception',
  },
]

/** Markers stand in comments: everything that is no token. */
export const leftovers: Rule = file =>
  commentsOf(file).flatMap(({ text, line }) =>
    LEFTOVERS.flatMap(({ pattern, instead }) => {
      const found = pattern.exec(text)
      return found ? [faultAt(file, line, `${found[0]}: ${instead}`)] : []
    }),
  )

function commentsOf(file: SourceFile): readonly Word[] {
  const starts = new Map<number, Word>()
  const note = (ranges: readonly ts.CommentRange[] | undefined): void => {
    for (const { pos, end } of ranges ?? []) {
      const line = file.tree.getLineAndCharacterOfPosition(pos).line + 1
      starts.set(pos, { text: file.text.slice(pos, end), line })
    }
  }
  const visit = (node: ts.Node): void => {
    note(ts.getLeadingCommentRanges(file.text, node.getFullStart()))
    note(ts.getTrailingCommentRanges(file.text, node.getEnd()))
    for (const child of node.getChildren(file.tree)) visit(child)
  }
  visit(file.tree)
  return [...starts.values()]
}

const RUNNERS = ['test', 'it', 'describe', 'bench', 'suite']
const LEFT_OUT = ['only', 'skip', 'todo']

/** A test that does not run, or keeps all others from running. */
export const testsRun: Rule = file => {
  const faults: Fault[] = []
  walk(file.tree, node => {
    if (!ts.isPropertyAccessExpression(node) || !LEFT_OUT.includes(node.name.text)) return
    const runner = /^\w+/.exec(node.expression.getText())?.[0] ?? ''
    if (RUNNERS.includes(runner)) faults.push(faultAt(file, lineOf(file.tree, node), `.${node.name.text}: a test runs`))
  })
  return faults
}
