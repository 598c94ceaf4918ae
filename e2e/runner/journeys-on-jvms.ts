/** Journeys that are made twice: with simulated bases, and with real ones. */
export const JOURNEYS_ON_JVMS = ['guide', 'kinds', 'replace', 'service', 'death', 'crash', 'broker-down', 'manners']
