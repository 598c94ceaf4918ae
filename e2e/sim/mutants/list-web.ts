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
    'a trial is sent before its Lease tells of it',
    `${PODS}/proofs.ts`,
    '  return entry?.isWritten === true && entry.changedAtMs === undefined\n',
    '  return entry?.isWritten !== undefined && entry.changedAtMs === undefined\n',
  ),
  web(
    'the path of another module is not looked at',
    `${REGISTRY}/observe-install.ts`,
    '  if (owned) return pathTaken(expected, flight, owned, context)\n',
    '',
  ),
  web(
    'a path that is taken is answered by an unproven switch',
    `${PODS}/replacing.ts`,
    "  clash === undefined || clash.kind === 'contextPath' || clash.kind === 'reactivePath'\n",
    '  clash === undefined\n',
  ),
  web(
    'a deactivated web module is taken for stopped',
    `${REGISTRY}/web-modules.ts`,
    "  if (biz.state !== 'deactivated' || biz.reason === 'KILLING') return false\n",
    "  if (biz.state === 'deactivated' || biz.reason === 'KILLING') return false\n",
  ),
  web(
    'a trial that nobody wants any more holds its place',
    `${PODS}/module-plan.ts`,
    '  if (stale) return stale\n',
    '  if (stale && !stale) return stale\n',
  ),
  web(
    'the old version is stopped while its successor is being tried',
    `${PODS}/module-plan.ts`,
    '    if (isProving(facts)) return wait(',
    '    if (isProving(facts) && claim.isOver) return wait(',
  ),
]
