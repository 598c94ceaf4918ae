/** What the documents refer to, against what there is. Each returns one line per fault. */
import { dirname, normalize } from 'node:path/posix'
import { anchorsOf, codeIn, consoleBlocks, type Document, linksIn } from './markdown.ts'

export const targetsOf = (makefile: string): readonly string[] =>
  [...makefile.matchAll(/^([a-z][a-z0-9-]*):.*?## /gm)].map(([, target = '']) => target)

const targetsIn = (text: string): readonly string[] =>
  codeIn(text).flatMap(code => [...code.matchAll(/(?<![\w-])make ([a-z][a-z0-9-]*)/g)].map(([, target = '']) => target))

export function makeFaults(documents: readonly Document[], targets: readonly string[]): readonly string[] {
  const wrong = documents.flatMap(({ path, text }) =>
    targetsIn(text)
      .filter(target => !targets.includes(target))
      .map(target => `${path}: there is no make ${target}`),
  )
  const told = new Set(documents.flatMap(({ text }) => targetsIn(text)))
  return [...wrong, ...targets.filter(target => !told.has(target)).map(target => `nothing says what make ${target} is`)]
}

/** `exists`: is there such a file or folder? `textOf`: of a document, for its headings. */
export interface Files {
  exists(path: string): boolean
  textOf(path: string): string | undefined
}

export function linkFaults({ path, text }: Document, files: Files): readonly string[] {
  return linksIn(text).flatMap(link => {
    const [target = '', anchor] = link.split('#')
    const file = target === '' ? path : normalize(`${dirname(path)}/${target}`)
    if (file !== path && !files.exists(file)) return [`${path}: ${link}: there is no such file`]
    if (anchor === undefined) return []
    const known = anchorsOf((file === path ? text : files.textOf(file)) ?? '').has(decodeURIComponent(anchor))
    return known ? [] : [`${path}: ${link}: there is no such heading`]
  })
}

export function sampleFaults({ path, text }: Document, samples: readonly string[]): readonly string[] {
  const named = new Set(text.match(/samples\/[\w-]+\.yaml/g) ?? [])
  const wrong = [...named].filter(sample => !samples.includes(sample))
  return wrong.map(sample => `${path}: there is no ${sample}`)
}

export const unusedSamples = ({ path, text }: Document, samples: readonly string[]): readonly string[] =>
  samples.filter(sample => !text.includes(sample)).map(sample => `${path}: says nothing of ${sample}`)

const KINDS = 'pod|deployment|daemonset|statefulset|service'
const OBJECT = new RegExp(`(?<![\\w./])(${KINDS})[/ ](?!-)([a-z0-9][a-z0-9-]*)`, 'g')

export const commandsIn = (text: string): readonly string[] =>
  consoleBlocks(text).flatMap(block => block.match(/^\$ kubectl .*$/gm) ?? [])

/** `objects`: `kind/name` and `app=value` of all samples. */
export function objectFaults({ path, text }: Document, objects: ReadonlySet<string>): readonly string[] {
  return commandsIn(text).flatMap(command => {
    const named = [...command.matchAll(OBJECT)].map(([, kind, name]) => `${kind}/${name}`)
    const selected = command.match(/(?<=-l )app=[\w-]+/g) ?? []
    const wrong = [...named, ...selected].filter(object => !objects.has(object))
    return wrong.map(object => `${path}: no sample has ${object}: ${command}`)
  })
}

/** Outputs are not translated: both languages show one run. */
export function outputFaults(english: Document, translated: Document): readonly string[] {
  const [ours, theirs] = [consoleBlocks(english.text), consoleBlocks(translated.text)]
  const count = Math.max(ours.length, theirs.length)
  return Array.from({ length: count }, (_, index) => index)
    .filter(index => ours[index] !== theirs[index])
    .map(index => `${translated.path}: output ${index + 1} is another than in ${english.path}`)
}

/** The levels of the headings, one after the other. */
export function structureFaults(english: Document, translated: Document): readonly string[] {
  const levels = ({ text }: Document): string =>
    [...text.replace(/^```.*?^```$/gms, '').matchAll(/^(#+) /gm)].map(([, level]) => level).join(' ')
  return levels(english) === levels(translated) ? [] : [`${translated.path}: headings are not those of ${english.path}`]
}
