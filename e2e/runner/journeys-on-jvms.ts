/** Journeys that are made twice: with simulated bases, and with real ones. */
export const JOURNEYS_ON_JVMS: readonly string[] = [
  'guide',
  'kinds',
  'replace',
  'service',
  'death',
  'crash',
  'broker-down',
  'unmanaged',
].map(name => `e2e/cluster/${name}.test.ts`)
