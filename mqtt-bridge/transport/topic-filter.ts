/** Whether a topic is one of those that an MQTT filter stands for. */
export type TopicFilter = readonly string[]

export const topicFilter = (filter: string): TopicFilter => filter.split('/')

export function matchesAny(filters: readonly TopicFilter[], topic: string): boolean {
  const levels = topic.split('/')
  return filters.some(filter => matches(filter, levels))
}

function matches(filter: TopicFilter, levels: readonly string[]): boolean {
  if (filter.length !== levels.length && filter.at(-1) !== '#') return false
  return filter.every((part, at) => part === '#' || (part === '+' && levels[at] !== undefined) || part === levels[at])
}
