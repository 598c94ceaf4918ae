/** What the API server itself wrote down about requests: who deleted what, and how much the operator asked. */
import { readFile } from 'node:fs/promises'

/**
 * Deletions are noted before they are carried out: a server that is killed in the middle of one has told of it. Of all
 * else only what the operator did, when it is done.
 */
export const auditPolicyFor = (operatorUser: string): string =>
  JSON.stringify({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    rules: [
      { level: 'Metadata', verbs: ['delete'], resources: [{ group: '', resources: ['pods', 'nodes'] }] },
      { level: 'Metadata', users: [operatorUser], omitStages: ['RequestReceived', 'ResponseStarted'] },
      { level: 'None' },
    ],
  })

export interface AuditedRequest {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly objectRef?: { readonly resource?: string; readonly namespace?: string; readonly name?: string }
  readonly stage: string
  readonly requestReceivedTimestamp: string
}

export async function readAudit(path: string): Promise<readonly AuditedRequest[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.split('\n').flatMap(parsed)
}

/** The last line of a server that was killed may be half of one. */
function parsed(line: string): readonly AuditedRequest[] {
  if (line === '') return []
  try {
    return [JSON.parse(line) as AuditedRequest]
  } catch {
    return []
  }
}

/** Those who delete Pods because a Node seems lost, and not because somebody wants another set of Pods. */
const EVICTORS = /:(node-controller|taint-eviction-controller|pod-garbage-collector)$/

/**
 * Deletions that nobody asked for. The operator may delete a Pod that somebody deleted before, and no other: in these
 * worlds no base ever dies. Nobody may delete a Node.
 */
export function blindDeletions(requests: readonly AuditedRequest[], operatorUser: string): readonly string[] {
  const asked = new Set<string>()
  const blind: string[] = []
  const begun = requests.filter(({ verb, stage }) => verb === 'delete' && stage === 'RequestReceived')
  for (const { user, objectRef, requestReceivedTimestamp } of begun) {
    const { resource = '', namespace = '', name = '' } = objectRef ?? {}
    const who = `${resource} ${name} deleted by ${user.username} at ${requestReceivedTimestamp}`
    const key = `${namespace}/${name}`
    if (resource === 'nodes' || EVICTORS.test(user.username)) blind.push(who)
    else if (user.username !== operatorUser) asked.add(key)
    else if (!asked.has(key)) blind.push(`${who}, whose deletion nobody had asked for`)
  }
  return blind
}

/** How many began in the busiest second. */
export function busiestSecond(atMs: readonly number[]): number {
  const sorted = [...atMs].sort((a, b) => a - b)
  let most = 0
  let first = 0
  for (const [last, at] of sorted.entries()) {
    while ((sorted[first] ?? at) <= at - 1_000) first += 1
    most = Math.max(most, last - first + 1)
  }
  return most
}
