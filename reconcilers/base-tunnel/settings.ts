/** What the composition hands in; the defaults are those of the contract. */
export interface TunnelSettings {
  /** A base that does not answer for so long gets no commands, and its Node is not Ready. */
  readonly silentAfterMs: number
  /** BASE_DEAD_AFTER. A base cut off for 100 s may come back only after 200: its reconnect delay doubles to 128 s. */
  readonly deadAfterMs: number
  /** EVICTION_RATE: bases declared dead per second. Absent: 0.1 per second for each 50 bases, at least that once. */
  readonly deathsPerSecond?: number
  /** INSTALL_DEADLINE: a command not answered by then still counts, but is waited for no longer. */
  readonly commandDeadlineMs: number
  /** FOREIGN_MODULES: `uninstall` treats every unclaimed module as ours, as the Go peer does. */
  readonly foreignModules: 'keep' | 'uninstall'
  /** How long a dead base is remembered and asked for. */
  readonly rememberMs: number
  /** How many of them survive a restart of ours; the youngest win. */
  readonly rememberedMax: number
}

export const TUNNEL_DEFAULTS: TunnelSettings = {
  silentAfterMs: 25_000,
  deadAfterMs: 200_000,
  commandDeadlineMs: 300_000,
  foreignModules: 'keep',
  rememberMs: 24 * 3_600_000,
  rememberedMax: 1_000,
}
