import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildOperator } from './bundle.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..', '..')
let folder: string
let bundle: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'koupleless-bundle-'))
  bundle = await buildOperator(join(folder, 'operator.mjs'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('runs away from its sources and packages, and knows its version', async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const { stdout } = await run(process.execPath, [bundle, '--version'], { cwd: folder })
  expect(stdout).toContain(version)
})

test('is of a size that starts fast, with its map beside it', async () => {
  expect((await stat(bundle)).size).toBeLessThan(10e6)
  expect(JSON.parse(await readFile(`${bundle}.map`, 'utf8'))).toHaveProperty('sources')
})

test('shows nothing of the machine that built it', async () => {
  expect(await readFile(bundle, 'utf8')).not.toContain(ROOT)
})
