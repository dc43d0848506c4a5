// A clock that only moves when somebody sleeps: hundreds of epochs pass in a second.

import type { Clock } from '../../src/lib/clock.ts'

export class VirtualClock implements Clock {
  #now: number

  /** @param now Unix milliseconds */
  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** Several that sleep at once wake at their own times: what is over for one is over for all. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.#now = Math.max(this.#now, this.#now + ms)
    // Others have their turn, as they would while time passes.
    await new Promise((resolve) => setImmediate(resolve))
    signal?.throwIfAborted()
  }
}
