/** As much of Markdown as our documents use. */
export interface Document {
  /** From the root of the project. */
  readonly path: string
  readonly text: string
}

/** Cells of every table row, headings and rulers among them. */
export const rowsOf = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter(line => line.trimStart().startsWith('|'))
    .map(line => line.trim().replace(/^\||\|$/g, ''))
    .map(line => line.split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll('\\|', '|')))

/** `text` without its backticks, or undefined where a cell is not one piece of code. */
export const codeOf = (cell: string | undefined): string | undefined => /^`([^`]+)`$/.exec(cell ?? '')?.[1]

/** Rows whose first cell is a piece of code of that form, by it. */
export function rowsNamed(text: string, form: RegExp): ReadonlyMap<string, readonly string[]> {
  const named = rowsOf(text).map(row => [codeOf(row[0]) ?? '', row] as const)
  return new Map(named.filter(([name]) => form.test(name)))
}

export const consoleBlocks = (text: string): readonly string[] =>
  [...text.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block)

const FENCE = /^ *```[^\n]*\n.*?^ *```$/gms

/** All code: fenced and in the line. */
export const codeIn = (text: string): readonly string[] => [
  ...(text.match(FENCE) ?? []),
  ...(text.replace(FENCE, '').match(/`[^`\n]+`/g) ?? []),
]

/** As GitHub makes them of headings. */
export const anchorsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.replace(FENCE, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )

/** Targets of links within the project. */
export const linksIn = (text: string): readonly string[] =>
  [...text.replace(FENCE, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter(target => !/^https?:/.test(target))
