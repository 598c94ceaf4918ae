import ts from 'typescript'
import { type Fault, faultAt, isForTests, lineOf, type Rule, type SourceFile, walk } from './source-file.ts'

const FUNCTION_LINES_MAX = 70
const FILE_LINES_MAX = 400
const PARAMETERS_MAX = 4
const DEPTH_MAX = 3
const COLUMNS_MAX = 140

/** What does not fit a head does not fit a screen either. */
export const sizes: Rule = file => [
  ...fileFaults(file),
  ...functionsOf(file).flatMap(each => functionFaults(file, each)),
]

function fileFaults(file: SourceFile): readonly Fault[] {
  const lines = file.text.trimEnd().split('\n')
  const long =
    lines.length > FILE_LINES_MAX
      ? [faultAt(file, 1, `${lines.length} lines: split it by concept (${FILE_LINES_MAX} at most)`)]
      : []
  const wide = lines.flatMap((line, index) =>
    line.length > COLUMNS_MAX && !/https?:\/\//.test(line) ? [faultAt(file, index + 1, tooWide(line))] : [],
  )
  return [...long, ...wide]
}

const tooWide = (line: string): string => `${line.length} columns: break the line (${COLUMNS_MAX} at most)`

type FunctionNode = ts.SignatureDeclaration & { readonly body: ts.Node }

function functionsOf(file: SourceFile): readonly FunctionNode[] {
  const found: FunctionNode[] = []
  walk(file.tree, node => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) found.push(node as FunctionNode)
  })
  return found
}

function functionFaults(file: SourceFile, node: FunctionNode): readonly Fault[] {
  const line = lineOf(file.tree, node)
  const lines = file.tree.getLineAndCharacterOfPosition(node.getEnd()).line + 2 - line
  const depth = depthOf(node.body)
  const faults: Fault[] = []
  // `describe` and `test` take their bodies as functions.
  if (lines > FUNCTION_LINES_MAX && !isForTests(file.path))
    faults.push(faultAt(file, line, `function of ${lines} lines: ${FUNCTION_LINES_MAX} at most`))
  if (node.parameters.length > PARAMETERS_MAX)
    faults.push(faultAt(file, line, `${node.parameters.length} parameters: hand in one object`))
  if (depth > DEPTH_MAX) faults.push(faultAt(file, line, `nested ${depth} deep: name a part (${DEPTH_MAX} at most)`))
  return faults
}

const nests = (node: ts.Node): boolean =>
  ts.isIterationStatement(node, false) || ts.isSwitchStatement(node) || ts.isTryStatement(node) || isFirstIf(node)

/** An `else if` goes on at the same depth. */
const isFirstIf = (node: ts.Node): boolean =>
  ts.isIfStatement(node) && !(ts.isIfStatement(node.parent) && node.parent.elseStatement === node)

/** A function inside begins anew: it is counted by itself. */
function depthOf(node: ts.Node): number {
  let deepest = 0
  ts.forEachChild(node, child => {
    if (!ts.isFunctionLike(child)) deepest = Math.max(deepest, depthOf(child) + (nests(child) ? 1 : 0))
  })
  return deepest
}
