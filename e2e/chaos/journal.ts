import { appendFileSync } from 'node:fs'
import type { Uninstall } from './pods-seen.ts'

/** What must not be. `duplicate`: an install of what stands there already. `lost`: a claim that nobody carried out. */
export type Violation = 'duplicate' | 'lost' | 'late' | 'claimed' | 'blind' | 'operator'

/** What happened in one run: told line by line into a file, counted, and judged. */
export class Journal {
  readonly violations: { readonly kind: Violation; readonly what: string }[] = []
  /** Uninstalls of active modules, to be judged when Pods were looked at again. */
  readonly toJudge: Uninstall[] = []
  readonly #file: string
  readonly #counts = new Map<string, number>()
  readonly #begunAtMs = Date.now()

  constructor(file: string) {
    this.#file = file
  }

  tell(who: string, what: string): void {
    const seconds = ((Date.now() - this.#begunAtMs) / 1_000).toFixed(2).padStart(8)
    appendFileSync(this.#file, `${seconds}  ${who.padEnd(10)} ${what}\n`)
  }

  count(what: string, by = 1): void {
    this.#counts.set(what, this.counted(what) + by)
  }

  counted(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  object(kind: Violation, what: string): void {
    this.tell(kind.toUpperCase(), what)
    this.violations.push({ kind, what })
  }

  found(kind: Violation): number {
    return this.violations.filter(violation => violation.kind === kind).length
  }
}
