/** `docs/security.md` names for each door the test that shows who is stopped. */
import { existsSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { linksIn, rowsOf } from './markdown.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PATH = 'docs/security.md'

/** Doors without a test that is there. */
function doorsUnshown(text: string): readonly string[] {
  const isDoor = ([door = '', ...cells]: readonly string[]): boolean =>
    cells.length === 3 && door !== 'door' && !/^[-: ]*$/.test(door)
  const doors = rowsOf(text).filter(isDoor)
  return doors.flatMap(([door = '', , , shown = '']) => {
    const tests = linksIn(shown).map(link => normalize(join('docs', link)))
    const missing = tests.filter(test => !test.endsWith('.ts') || !existsSync(join(ROOT, test)))
    if (!tests.some(test => test.endsWith('.test.ts'))) return [`${door}: no test shows it`]
    return missing.map(test => `${door}: ${test} is not there`)
  })
}

test('each door has a test', () => {
  const text = readFileSync(join(ROOT, PATH), 'utf8')
  expect(rowsOf(text).length).toBeGreaterThan(8)
  expect(doorsUnshown(text)).toEqual([])
})

test('a door without a test, or with one that is gone, is named', () => {
  const head = '| door | who | what | shown by |\n| - | - | - | - |\n'
  expect(doorsUnshown(`${head}| cellar | me | a lock | trust |`)).toEqual(['cellar: no test shows it'])
  expect(doorsUnshown(`${head}| roof | me | a lock | [a](../e2e/roof.test.ts) |`)).toEqual([
    'roof: e2e/roof.test.ts is not there',
  ])
})
