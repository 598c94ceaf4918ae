/** A seed that this code has never seen: another with each change of it, and the same for the same code, so that what fails fails again. */
import { createHash } from 'node:crypto'
import { readSources } from '../tidy/source-file.ts'

export function freshSeed(root: string): number {
  const hash = createHash('sha256')
  for (const { text } of readSources(root, ['operator', 'reconcilers', 'mqtt-bridge', 'e2e/fuzz'])) hash.update(text)
  return Number.parseInt(hash.digest('hex').slice(0, 7), 16)
}
