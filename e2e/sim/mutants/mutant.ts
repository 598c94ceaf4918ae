/** A fault that is planted into the production code on its way into a bundle; the sources stay as they are. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import type { FaultKind } from '../faults/mix.ts'

export interface Mutant {
  readonly name: string
  readonly file: string
  /** Stands in that file exactly once. */
  readonly find: string
  readonly replace: string
  /** A seed that is known to catch it. */
  readonly seed?: number
  /** The only faults of its seeds. */
  readonly lean?: readonly FaultKind[]
  /** Its seeds have web modules; those of the others have none. */
  readonly web?: true
}

const ROOT = join(import.meta.dirname, '..', '..', '..')

export function planted(text: string, { name, file, find, replace }: Mutant): string {
  const parts = text.split(find)
  if (parts.length !== 2)
    throw new Error(`mutant "${name}": ${file} has ${parts.length - 1} places like it, wanted one`)
  return parts.join(replace)
}

const pathOf = ({ file }: Mutant): string => join(ROOT, file)

/** What the simulator is told, to play its seeds. */
export const leanArgs = ({ lean, web }: Pick<Mutant, 'lean' | 'web'>): readonly string[] => [
  ...(lean ? ['--lean', lean.join(',')] : []),
  ...['--web', web ? 'all' : 'none'],
]

/** What it is planted into, as it stands. */
export const sourceOf = (mutant: Mutant): Promise<string> => readFile(pathOf(mutant), 'utf8')

function plantedBy(mutant: Mutant): Plugin {
  const path = pathOf(mutant)
  return {
    name: 'mutant',
    setup(bundle) {
      bundle.onLoad({ filter: /\.ts$/ }, async ({ path: loaded }) =>
        loaded === path ? { contents: planted(await sourceOf(mutant), mutant), loader: 'ts' } : undefined,
      )
    },
  }
}

/** The simulator with this fault in it, or with none; returns the file to run. */
export async function bundleSim(mutant?: Mutant): Promise<string> {
  const outfile = join(ROOT, 'dist', 'sim', `${mutant?.name.replace(/\W+/g, '-') ?? 'sound'}.mjs`)
  await build({
    absWorkingDir: ROOT,
    entryPoints: [join(ROOT, 'e2e', 'sim', 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
    define: { 'process.env.KOUPLELESS_VERSION': '"sim"' },
    plugins: mutant ? [plantedBy(mutant)] : [],
  })
  return outfile
}
