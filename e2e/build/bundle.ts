import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const ROOT = join(import.meta.dirname, '..', '..')

/**
 * The framework, a CommonJS module, requires all of client-node, though of its classes it uses these. Handed only them, the
 * bundle leaves the rest out: thousands of generated API classes that cost start time and 30 MB.
 */
const USED_BY_THE_FRAMEWORK = ['CoreV1Api', 'KubeConfig', 'Watch', 'loadYaml']
const leanClient: Plugin = {
  name: 'lean-client',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@kubernetes\/client-node$/ }, ({ importer, kind }) =>
      kind === 'require-call' || importer.endsWith('framework.ts')
        ? { path: 'client-node', namespace: 'lean' }
        : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'lean' }, () => ({
      contents: `export { ${USED_BY_THE_FRAMEWORK.join(', ')} } from '@kubernetes/client-node'`,
      resolveDir: ROOT,
    }))
  },
}

/** One file starts in half the time and takes less memory than a tree of modules. @returns its path */
export async function buildOperator(outfile = join(ROOT, 'dist', 'operator.mjs')): Promise<string> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'operator', 'main.ts')],
    outfile,
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    // Node keeps the text in memory: without its white space 30 MB less. Names stay, for stack traces.
    minifySyntax: true,
    minifyWhitespace: true,
    define: { 'process.env.KOUPLELESS_VERSION': JSON.stringify(version) },
    // CommonJS packages inside an ES module need a `require`.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
    plugins: [leanClient],
    logLevel: 'error',
  })
  await mkdir(dirname(outfile), { recursive: true })
  await Promise.all(outputFiles.map(({ path, contents }) => put(path, contents)))
  return outfile
}

/** Whole or not at all: another suite may be starting the one that is there. */
async function put(path: string, contents: Uint8Array): Promise<void> {
  const aside = `${path}.${process.pid}`
  await writeFile(aside, contents)
  await rename(aside, path)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${await buildOperator()}\n`)
