/** Faults with web modules, and others that cannot stand twice. */
import type { Mutant } from './mutant.ts'
import { mutant, PODS, REGISTRY } from './planting.ts'

const web = (...given: Parameters<typeof mutant>): Mutant => ({ ...mutant(...given), web: true })

export const WEB: readonly Mutant[] = [
  web(
    'a trial is taken for the module',
    `${REGISTRY}/web-modules.ts`,
    '  return record.proofs.has(key) && !record.provenance.has(key)\n',
    '  return record.proofs.has(key) && record.provenance.has(key)\n',
  ),
  web(
    'who takes a base over takes a trial for the module',
    `${PODS}/provenance.ts`,
    '  if (!proof) return false\n',
    '  if (!proof || proof) return false\n',
  ),
  web(
    'a clash is answered by an unproven switch',
    `${PODS}/replacing.ts`,
    '  if (way) return approachBy(way, facts, tried)\n',
    "  if (way === 'beside') return approachBy(way, facts, tried)\n",
  ),
]
