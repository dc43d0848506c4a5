/** How long one piece of work may hold the event loop, ms: well below what a user or another protocol notices. */
const SLICE_MS = 1
/** Pieces of work that wait for a turn and go on without a rest between them: those of a peer or two that sync. */
const BUSY = 4
/** How long the thread is left to others after each slice when more than that wait, ms. */
const REST_MS = 6
/** Turns after which those that had theirs are dropped from a line. */
const FORGET = 1024

/** Who waits for a turn, first come first served. */
class Line {
  #waiting: (() => void)[] = []
  #next = 0

  get length(): number {
    return this.#waiting.length - this.#next
  }

  push(go: () => void): void {
    this.#waiting.push(go)
  }

  shift(): (() => void) | undefined {
    const go = this.#waiting[this.#next]
    if (go === undefined) return undefined
    this.#next++
    if (this.length === 0 || this.#next === FORGET) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
    return go
  }
}

/**
 * A line for each kind of work, and turns go from line to line: a flood of requests makes requests late, and neither the blocks that
 * come by gossip nor what this node fetches for itself.
 */
const lines = {
  /** Bytes that came over sockets. */
  input: new Line(),
  gossip: new Line(),
  /** What peers asked for. */
  serving: new Line(),
  /** What this node asked peers for. */
  fetching: new Line(),
}
export type WorkKind = keyof typeof lines
const order = Object.values(lines)
let last = 0
let going = false

/**
 * Lets the event loop turn. Of all work that waits here one piece goes on in each turn: many requests at a time make each of them
 * later, and nothing else. When many wait, most of the thread's time is left to what is not done in slices: the node's own work, and
 * callers of its API.
 */
function pause(kind: WorkKind): Promise<void> {
  return new Promise((resolve) => {
    lines[kind].push(resolve)
    if (!going) setImmediate(turn)
    going = true
  })
}

function turn(): void {
  let go: (() => void) | undefined
  for (let tried = 0; go === undefined && tried < order.length; tried++) {
    last = (last + 1) % order.length
    go = order[last]?.shift()
  }
  const left = order.reduce((sum, { length }) => sum + length, 0)
  going = left > 0
  if (left > BUSY) setTimeout(turn, REST_MS)
  else if (going) setImmediate(turn)
  go?.()
}

/** Measures how long a loop has run without letting others run. */
export class Slice {
  readonly #kind: WorkKind
  #started = performance.now()

  constructor(kind: WorkKind) {
    this.#kind = kind
  }

  get isOver(): boolean {
    return performance.now() - this.#started > SLICE_MS
  }

  /** Waits for a turn of its kind, and begins anew. */
  async pause(): Promise<void> {
    await pause(this.#kind)
    this.#started = performance.now()
  }
}

/** Measures the work of one kind in the present turn of the event loop, whoever does it: for work that comes as events. */
export class TurnShare {
  readonly #kind: WorkKind
  #started: number | undefined

  constructor(kind: WorkKind) {
    this.#kind = kind
  }

  /** Whether such work has gone on for a slice in this turn; the first question of a turn begins it. */
  get isSpent(): boolean {
    if (this.#started === undefined) {
      this.#started = performance.now()
      setImmediate(() => {
        this.#started = undefined
      })
      return false
    }
    return performance.now() - this.#started > SLICE_MS
  }

  /** Waits for a turn of its kind. */
  pause(): Promise<void> {
    return pause(this.#kind)
  }
}
