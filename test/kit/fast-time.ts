// Time that passes as fast as the work in it is done: it jumps to the next moment that somebody waits for, once everybody is quiet.

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { SettableClock } from '../../src/lib/clock.ts'

/** How often it is looked whether everybody is quiet, milliseconds. */
const LOOK_MS = 1

export class FastTime {
  readonly clock: SettableClock
  /** Whether nobody has anything to do before time goes on. */
  quiet: () => boolean = () => true
  #limit = Number.POSITIVE_INFINITY
  #stopped = false
  #wake: () => void = () => {}
  #running: Promise<void> | undefined

  /** @param now Unix milliseconds */
  constructor(now: number) {
    this.clock = new SettableClock(now)
    this.clock.onSleep = () => this.#wake()
  }

  start(): void {
    this.#running ??= this.#run()
  }

  get limit(): number {
    return this.#limit
  }

  /** Whether nothing more happens before the limit. */
  get exhausted(): boolean {
    const { next } = this.clock
    return next !== undefined && next > this.#limit && this.quiet()
  }

  /** Time stands still when the next moment would be later than this, Unix milliseconds. */
  set limit(ms: number) {
    this.#limit = ms
    this.#wake()
  }

  /** From now on it waits for nobody: those who are about to end must not wait for each other. */
  release(): void {
    this.quiet = () => true
    this.limit = Number.POSITIVE_INFINITY
  }

  async close(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const next = this.clock.next
      if (next === undefined || next > this.#limit) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      await turn()
      if (this.#stopped) return
      if (!this.quiet()) await sleep(LOOK_MS)
      // Whoever was woken meanwhile by another's end may be asleep again.
      else if (this.clock.next === next) this.clock.set(next)
    }
  }
}
