import { setImmediate } from 'node:timers/promises'

/** How long one piece of work may hold the event loop, ms: well below what a user or another protocol notices. */
const SLICE_MS = 8

/** Measures how long a loop has run without letting others run. */
export class Slice {
  #started = performance.now()

  get isOver(): boolean {
    return performance.now() - this.#started > SLICE_MS
  }

  begin(): void {
    this.#started = performance.now()
  }
}

/** Lets the event loop turn once, and begins the next slice. */
export async function pause(slice: Slice): Promise<void> {
  await setImmediate()
  slice.begin()
}
