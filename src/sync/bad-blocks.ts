import { Lru } from '../lib/lru.ts'
import { type CID, cidKey } from '../types/cid.ts'

/** Lotus chain/badtscache.go. */
const MAX_BAD_BLOCKS = 32_768

export interface BadBlock {
  readonly reason: string
  /** The bad block that this one stands on, when it is bad for no fault of its own. */
  readonly linkedTo: CID | undefined
}

/** Blocks that are bad for good, with the reason; the oldest are forgotten first. */
export class BadBlocks {
  readonly #blocks = new Lru<string, BadBlock>(MAX_BAD_BLOCKS)

  get size(): number {
    return this.#blocks.size
  }

  mark(cid: CID, reason: string): void {
    this.#blocks.set(cidKey(cid), { reason, linkedTo: undefined })
  }

  /** Marks a block that has a bad one among its ancestors. */
  markLinked(cid: CID, to: CID): void {
    if (this.#blocks.get(cidKey(cid)) !== undefined) return
    const { reason } = this.#blocks.get(cidKey(to)) ?? { reason: 'unknown' }
    this.#blocks.set(cidKey(cid), { reason: `linked to ${to}: ${reason}`, linkedTo: to })
  }

  get(cid: CID): BadBlock | undefined {
    return this.#blocks.get(cidKey(cid))
  }

  unmark(cid: CID): void {
    this.#blocks.delete(cidKey(cid))
  }

  clear(): void {
    this.#blocks.clear()
  }

  /** The first bad block of a list. */
  firstOf(cids: readonly CID[]): { readonly cid: CID; readonly bad: BadBlock } | undefined {
    for (const cid of cids) {
      const bad = this.get(cid)
      if (bad !== undefined) return { cid, bad }
    }
    return undefined
  }
}
