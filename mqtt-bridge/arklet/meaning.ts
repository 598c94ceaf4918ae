/** An observation in one line, for tables in tests. */
import type { BatchResult, BizReport, CommandOutcome, Observation } from './vocabulary.ts'

export function meaningOf(observation: Observation): string {
  switch (observation.kind) {
    case 'queryBaseline':
      return `queryBaseline of ${observation.metadata.name} ${observation.metadata.version}`
    case 'heart':
      return meaningOfHeart(observation)
    case 'health':
      return `health ${Object.keys(observation.health).length > 0 ? meaningOfHealth(observation.health) : 'of no JVM'}`
    case 'snapshot':
      return `snapshot ${bizList(observation.bizs)}`
    case 'answer':
      return `${observation.command} ${observation.name}:${observation.version} -> ${meaningOfOutcome(observation.outcome)}`
    case 'batchAnswer':
      return `batch ${observation.code} (${observation.message}) ${observation.results.map(batchItem).join(', ')}`.trimEnd()
  }
}

const meaningOfHeart = ({ metadata, ip, unusableIp, state }: Extract<Observation, { kind: 'heart' }>): string =>
  `heart of ${metadata.name} ${metadata.version} at ${ip ?? unusableIp}, ${state}`

const batchItem = ({ url, code, bizs }: BatchResult): string => `${url.split('/').at(-1)} ${code} ${bizList(bizs)}`

const meaningOfHealth = ({
  masterState,
  metaspaceMaxBytes,
  processors,
}: Extract<Observation, { kind: 'health' }>['health']): string =>
  `${masterState}, ${processors} processors, metaspace of ${metaspaceMaxBytes ?? 'no limit'}`

function meaningOfOutcome(outcome: CommandOutcome): string {
  switch (outcome.kind) {
    case 'installed':
      return `installed ${bizList(outcome.bizs)}`
    case 'conflict':
      return `conflict with ${outcome.running}`
    case 'failed':
      return `failed ${outcome.code}${outcome.clash ? ` (${Object.values(outcome.clash).join(' ')})` : ''}: ${outcome.cause}`
    case 'uninstalled':
    case 'repeat':
    case 'absent':
    case 'accepted':
      return outcome.kind
  }
}

const bizList = (bizs: readonly BizReport[]): string => `[${bizs.map(bizItem).join(', ')}]`

const bizItem = ({ name, version, state, reason, webContextPath = '' }: BizReport): string =>
  [`${name}:${version}`, state, reason, webContextPath && `at ${webContextPath}`].filter(Boolean).join(' ')
