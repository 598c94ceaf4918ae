import { type Fault, faultAt, type SourceFile } from './source-file.ts'

const conceptOf = (path: string): string => path.replace(/(\.[a-z]+)*\.ts$/, '')
const isTestOf = (test: string, file: string): boolean => test !== file && conceptOf(test) === conceptOf(file)

/**
 * Files that nobody reaches from an entry. A file's own test does not make it alive: what only its test uses is dead, and
 * its test keeps it looking busy.
 */
export function deadFiles(files: readonly SourceFile[], isEntry: (path: string) => boolean): readonly Fault[] {
  const byPath = new Map(files.map(file => [file.path, file]))
  const reached = new Set<string>()
  const reach = (path: string): void => {
    const file = byPath.get(path)
    if (!file || reached.has(path)) return
    reached.add(path)
    for (const { target } of file.imports) if (!isTestOf(path, target)) reach(target)
  }
  for (const { path } of files) if (isEntry(path)) reach(path)
  return files
    .filter(({ path }) => !reached.has(path))
    .map(file => faultAt(file, 1, 'dead: nothing but its own test imports it, and nobody starts it'))
}

/** Each circle once, at its first file. Types may go in circles: they vanish. */
export function importCycles(files: readonly SourceFile[]): readonly Fault[] {
  const byPath = new Map(files.map(file => [file.path, file]))
  const done = new Set<string>()
  const faults: Fault[] = []
  const follow = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0)
      faults.push({ where: path, what: `imports in a circle: ${[...trail.slice(start), path].join(' → ')}` })
    if (start >= 0 || done.has(path)) return
    for (const { target, isTypeOnly } of byPath.get(path)?.imports ?? [])
      if (!isTypeOnly && byPath.has(target)) follow(target, [...trail, path])
    done.add(path)
  }
  for (const { path } of files) follow(path, [])
  return faults
}
