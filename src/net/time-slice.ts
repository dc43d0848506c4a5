/** How long one piece of work may hold the event loop, ms: well below what a user or another protocol notices. */
const SLICE_MS = 1
/** Pieces of work that wait for a turn and go on without a rest between them: those of a peer or two that sync. */
const BUSY = 4
/** How long the thread is left to others after each slice when more than that wait, ms. */
const REST_MS = 6

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
 * Lets the event loop turn, and begins the next slice where there is one. Of all work that waits here one piece goes on in each
 * turn: many requests at a time make each of them later, and nothing else. When many wait, most of the thread's time is left to what
 * is not done in slices: the node's own work, and callers of its API.
 */
export function pause(slice?: Slice): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(() => {
      slice?.begin()
      resolve()
    })
    if (waiting.length - next === 1) setImmediate(turn)
  })
}

function turn(): void {
  const go = waiting[next++]
  const left = waiting.length - next
  if (left === 0) {
    waiting.length = 0
    next = 0
  } else {
    if (next === FORGET) {
      waiting.splice(0, next)
      next = 0
    }
    if (left > BUSY) setTimeout(turn, REST_MS)
    else setImmediate(turn)
  }
  go?.()
}

/** Measures the work of one kind in the present turn of the event loop, whoever does it: for work that comes as events. */
export class TurnShare {
  #started: number | undefined

  /** Whether such work has gone on for a slice in this turn; the first question of a turn begins it. */
  get isSpent(): boolean {
    if (this.#started === undefined) {
      this.#started = performance.now()
      setImmediate(() => {
        this.#started = undefined
      })
    }
    return performance.now() - this.#started > SLICE_MS
  }
}
