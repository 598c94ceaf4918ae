/** A figure for docs/java-base.md. */
export const measured = (what: string, figure: string): void =>
  void process.stdout.write(`measured: ${what}: ${figure}\n`)
