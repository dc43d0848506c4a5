/** How long one piece of work may hold the event loop, ms: well below what a user or another protocol notices. */
const SLICE_MS = 2

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

/** Who waits for a turn, first come first served. */
const waiting: (() => void)[] = []
let next = 0
/** Turns after which those that had theirs are dropped from the list. */
const FORGET = 1024

/**
 * Lets the event loop turn, and begins the next slice. Of all work that waits here one piece goes on in each turn: many requests at
 * a time make each of them later, and nothing else.
 */
export function pause(slice: Slice): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(() => {
      slice.begin()
      resolve()
    })
    if (waiting.length - next === 1) setImmediate(turn)
  })
}

function turn(): void {
  const go = waiting[next++]
  if (next === waiting.length) {
    waiting.length = 0
    next = 0
  } else {
    if (next === FORGET) {
      waiting.splice(0, next)
      next = 0
    }
    setImmediate(turn)
  }
  go?.()
}
