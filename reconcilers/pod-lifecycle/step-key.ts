import { type BizKey, bizKey } from '../../mqtt-bridge/index.ts'
import type { SendStep } from './step.ts'

/** The biz that a step is about, and so the base's lock that its command takes. */
export const stepKey = (step: SendStep): BizKey =>
  step.kind === 'uninstall' ? bizKey(step.name, step.version) : bizKey(step.claim.bizName, step.tuple.version)
