import type { Identity } from './base-options.ts'

/** What a base puts on the wire, written from the captures; deliberately not the operator's own codec. */
export const topicPrefix = (who: Identity): string => `koupleless_${who.env.toLowerCase()}/${who.identity}`

export const subscriptions = (who: Identity): readonly string[] => [
  `${topicPrefix(who)}/+`,
  `${topicPrefix(who)}/base/baseline`,
]

/** The command a topic carries, whichever of the two subscriptions brought it. */
export const verbOf = (topic: string): string => topic.slice(topic.lastIndexOf('/') + 1)

export const topicOf = (who: Identity, what: string): string => `${topicPrefix(who)}/base/${what}`

export const envelope = (data: unknown, nowMs: number): string =>
  JSON.stringify({ data, publishTimestamp: Math.round(nowMs) })

export const baseMetadata = ({ clusterName, identity, name, version }: Identity) => ({
  clusterName,
  identity,
  name,
  version,
})

export const heartData = (who: Identity) => ({
  baseMetadata: baseMetadata(who),
  localHostName: who.hostName,
  localIP: who.ip,
  port: 0,
  state: 'activated',
})
