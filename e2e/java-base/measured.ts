import { loadavg } from 'node:os'

/** A figure for docs/java-base.md, and how busy the machine was in the minute before. */
export const measured = (what: string, figure: string): void =>
  void process.stdout.write(`measured: ${what}: ${figure} (load ${loadavg()[0]?.toFixed(1)})\n`)
