import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Fault, faultAt } from './source-file.ts'

export interface PlainText {
  readonly path: string
  readonly text: string
}

const LEFT_OUT = new Set(['node_modules', '.git', 'dist', 'coverage', '.cache', 'fixtures', 'go'])
const BYTES_MAX = 200_000

/** What people wrote, whatever its kind: not what tools or a captured base wrote. */
export function readPlainTexts(root: string, folder = root): readonly PlainText[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (LEFT_OUT.has(entry.name) || entry.name === 'package-lock.json') return []
    if (entry.isDirectory()) return readPlainTexts(root, path)
    if (!entry.isFile() || statSync(path).size > BYTES_MAX) return []
    return [{ path: relative(root, path), text: readFileSync(path, 'utf8') }]
  })
}

/** A path that is right on one machine only. `/tmp` is asked of the system, `~` of the user. */
const ONE_MACHINE = /(?<![\w.}~-])\/(work|root|home|Users|tmp)\/[\w.-]+/

/** A simulated base tells the paths of its own machine, as a real one does. */
const OF_ANOTHER_MACHINE = /^e2e\/base-simulator\//

export const machinePaths = ({ path, text }: PlainText): readonly Fault[] =>
  text.split('\n').flatMap((line, index) => {
    const found = OF_ANOTHER_MACHINE.test(path) ? undefined : ONE_MACHINE.exec(line)
    return found ? [faultAt({ path }, index + 1, `${found[0]}: a path of one machine`)] : []
  })
