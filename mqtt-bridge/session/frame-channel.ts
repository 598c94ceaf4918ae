/** Every frame in and out on a diagnostics channel: free when nobody listens. For debugging only; frames are whole. */
import diagnostics from 'node:diagnostics_channel'
import type { Frame } from '../transport/transport.ts'

export const FRAME_CHANNEL = 'koupleless:frame'

export interface FramePassed {
  readonly direction: 'in' | 'out'
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly retained: boolean
}

const channel = diagnostics.channel(FRAME_CHANNEL)

export function tellFrameIn(frame: Frame): void {
  if (!channel.hasSubscribers) return
  channel.publish({ direction: 'in', ...frame } satisfies FramePassed)
}

export function tellFrameOut(topic: string, payload: string): void {
  if (!channel.hasSubscribers) return
  channel.publish({ direction: 'out', topic, payload, retained: false } satisfies FramePassed)
}
