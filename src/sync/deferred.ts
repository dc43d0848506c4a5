import { allowableClockDriftSecs } from '../networks/constants.ts'
import type { BlockHeader } from '../types/block.ts'
import type { TipsetKey } from '../types/tipset.ts'

/** Blocks that wait for their time; those that are due last go first when there are more. */
const MAX_WAITING = 64
/** Nobody needs a node to keep a block for longer, ms. */
const MAX_AHEAD_MS = 2 * 3_600_000
/** How often the clock is looked at while something waits, ms: it may jump, and no timer of the system follows it. */
const LOOK_MS = 500

interface Waiting {
  readonly key: TipsetKey
  readonly header: BlockHeader
  readonly dueMs: number
}

export interface DeferredComponents {
  /** Unix ms. */
  readonly now: () => number
  readonly onDue: (key: TipsetKey, header: BlockHeader) => void
}

/** Blocks that came before their time: each is taken up again when it has come. */
export class Deferred {
  readonly #c: DeferredComponents
  readonly #waiting = new Map<string, Waiting>()
  #timer: NodeJS.Timeout | undefined

  constructor(components: DeferredComponents) {
    this.#c = components
  }

  get size(): number {
    return this.#waiting.size
  }

  add(key: TipsetKey, header: BlockHeader): void {
    const dueMs = (Number(header.timestamp) - allowableClockDriftSecs) * 1000
    if (dueMs - this.#c.now() > MAX_AHEAD_MS) return
    this.#waiting.set(key.id, { key, header, dueMs })
    if (this.#waiting.size > MAX_WAITING) {
      const last = [...this.#waiting.values()].reduce((a, b) => (b.dueMs > a.dueMs ? b : a))
      this.#waiting.delete(last.key.id)
    }
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#waiting.clear()
  }

  #look(): void {
    const now = this.#c.now()
    for (const { key, header, dueMs } of [...this.#waiting.values()]) {
      if (dueMs > now) continue
      this.#waiting.delete(key.id)
      this.#c.onDue(key, header)
    }
    if (this.#waiting.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
