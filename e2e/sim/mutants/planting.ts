/** How a planted fault is written down, and by which seed it is known to be seen. */
import type { Mutant } from './mutant.ts'

/** Seeds that are known to see it: these faults are planted in `npm run test:sim`. */
const SEEN_BY: Readonly<Record<string, number>> = {
  'a conflict clears the flight': 24,
  'an answer raises no doubt': 3,
  'an unanswered uninstall is waited for until the base restarts': 8,
  'commands are retained': 1,
  'the oldest claim wins': 1,
  'more than three commands at a time': 5,
  'the former version stays': 1,
  'an edited image is not rolled out': 3,
  'the sweep removes foreign modules': 1,
  'what appears without a command is taken for ours': 2,
  'transition times are those of the last look': 1,
  'restarts are not counted from the last': 1,
  'what a base says wakes no command': 1,
}

export const mutant = (name: string, file: string, find: string, replace: string): Mutant => ({
  ...(SEEN_BY[name] !== undefined && { seed: SEEN_BY[name] }),
  name,
  file,
  find,
  replace,
})

export const REGISTRY = 'reconcilers/registry'
export const TUNNEL = 'reconcilers/base-tunnel'
export const PODS = 'reconcilers/pod-lifecycle'
export const NODES = 'reconcilers/node-lease'
export const KUBE = 'operator/kube'
