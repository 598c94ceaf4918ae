/** Arklet's lock: one command at a time for each name:version *as the command spells them*; a baseline has neither. */
export class CommandLocks {
  readonly #running = new Map<string, string>()

  /** The text of the refusal where another command holds the lock; a hung command holds it for ever. */
  take(biz: string, command: string): string | undefined {
    const running = this.#running.get(biz)
    if (running !== undefined) {
      return `FAILED:${biz} ${command} conflict, exist unfinished command(${running}) for this biz`
    }
    this.#running.set(biz, command)
    return undefined
  }

  release(biz: string): void {
    this.#running.delete(biz)
  }
}

export const lockName = (name: string | undefined, version: string | undefined): string =>
  `${name ?? null}:${version ?? null}`
