/** Rare branches of the plans, by what each says why it did so. A branch that no seed reaches is tried by none. */
import type { Composition } from '../../operator/compose.ts'
import type { LastPlan, LastPlans } from '../../reconcilers/loop/last-plans.ts'

export const RARE: readonly string[] = [
  // modules
  'proved beside the running version',
  'proved: switching to it',
  'replaces the running version without proof',
  'same version with another URL, args or restart',
  'its last Pod is being deleted',
  'superseded by',
  'every claim failed, backing off',
  'install failed, backing off',
  'its replacement failed: the former one is put back',
  'its replacement failed; the former one runs until a change',
  'a newer claim failed and is retried beside the running one',
  'a command for this biz may be running',
  'another version of this biz is in flight',
  'waiting for the base to show what it runs',
  'the base is installing it',
  'its command is not answered: it may be running, or lost',
  'not answered by its deadline: sent again',
  'what the base runs is not known yet',
  'base is silent',
  'base is unproven',
  'BaseDeaf',
  'DuplicateIdentity',
  // pods
  'its module is being uninstalled',
  'a command for its module may be running',
  'waiting for the base to show that its module is gone',
  'other Pods keep or replace its module',
  'nothing of it is left to remove',
  'released; finalizers of others hold it',
  'the Pod has ended',
  'base is dead',
  'an absence of ours must not delete it after 300 s',
  'its install may be quick',
  'bound to no base that we know',
  // nodes
  'its Node was deleted while the base was silent',
  'module Pods go first',
  'no Node yet: the base has not told its address',
  'no Node yet: its first health answer is awaited',
  'the Node has no Lease',
  'the foreign modules changed',
  'the Node is another one',
  'its labels, annotations or taints changed',
  // tunnel
  'it has not answered for',
  'it answers again',
  'are silent at once',
  'our connection to the broker is down',
  'not ours:',
  'nobody claims',
  'commands are allowed again',
  'no answer in time about',
  'a dead base spoke',
  'a module that nobody claims',
  'a command may hang',
  'its heart is missing',
]

/** Calls `seen` with each plan of this operator as it is noted. */
export function watchPlans({ controllers }: Composition, seen: (key: string, plan: LastPlan) => void): void {
  for (const controller of controllers) {
    const plans = controller.plans as LastPlans<string>
    const set = plans.set.bind(plans)
    plans.set = (key, plan) => {
      seen(key, plan)
      set(key, plan)
    }
  }
}

export class Marks {
  readonly #left = new Set(RARE)

  /** Those that were not reached. */
  get missing(): readonly string[] {
    return [...this.#left]
  }

  /** Looks at each plan of this operator as it is noted. */
  watch(composition: Composition): void {
    watchPlans(composition, (_key, { why }) => {
      for (const mark of this.#left) if (why.includes(mark)) this.#left.delete(mark)
    })
  }
}
