import { setTimeout as sleep } from 'node:timers/promises'

/** Time as a part of the program sees it, so that tests can give it another. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Settles after so many milliseconds; at once for 0 and less. @throws the signal's reason */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Node's timers hold no longer delays. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The time of this machine. */
export const systemClock: Clock = {
  now: Date.now,
  async sleep(ms, signal) {
    signal?.throwIfAborted()
    for (let left = ms; left > 0; left -= MAX_DELAY_MS) {
      try {
        await sleep(Math.min(left, MAX_DELAY_MS), undefined, signal === undefined ? {} : { signal })
      } catch (error) {
        signal?.throwIfAborted()
        throw error
      }
    }
  },
}
