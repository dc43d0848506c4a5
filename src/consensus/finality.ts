import type { ChainReader } from '../store/chain-reader.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import { DEFAULT_ASSUMPTIONS, FINALITY_TARGET, finalDepth } from './finality-math.ts'

/** Epochs whose blocks are counted: finality, and a few for the head (Lotus chain/ecfinality/cache.go). */
export const EC_WINDOW = 905

/** How final the chain is by the blocks that were really made (FRC-0089). */
export interface EcFinality {
  readonly head: Tipset
  /** Epochs below the head from which on a reorganisation is less likely than 2^-30; undefined while the chain is too thin. */
  readonly depth: number | undefined
  /** The newest tipset at that depth, or before it where the epoch is empty. */
  readonly finalized: Tipset | undefined
}

interface Counted {
  readonly id: string
  readonly height: ChainEpoch
  readonly blocks: number
}

/** Counts the blocks of the epochs up to a head. What was counted for the last head is not read again for one on top of it. */
export class BlockCounts {
  readonly #chain: ChainReader
  readonly #epochs: number
  /** Tipsets of one chain, oldest first, down to the first at or below the window. */
  #way: Counted[] = []

  constructor(components: { readonly chain: ChainReader }, epochs: number = EC_WINDOW) {
    this.#chain = components.chain
    this.#epochs = epochs
  }

  /**
   * Blocks in each epoch up to the head, oldest first, null rounds as 0; fewer than asked for on a young chain.
   * @throws MissingBlockError where the store does not reach back so far
   */
  upTo(head: Tipset): number[] {
    const oldest = Math.max(0, head.height - this.#epochs + 1)
    // A head below the last one: the window begins before what was counted.
    if ((this.#way[0]?.height ?? 0) > oldest) this.#way = []
    const added: Counted[] = []
    for (let at = head; ; at = this.#chain.parent(at)) {
      while ((this.#way.at(-1)?.height ?? -1) > at.height) this.#way.pop()
      if (this.#way.at(-1)?.id === at.key.id) break
      added.push({ id: at.key.id, height: at.height, blocks: at.blocks.length })
      if (at.height <= oldest) {
        this.#way = []
        break
      }
    }
    this.#way.push(...added.reverse())
    while ((this.#way[1]?.height ?? Number.POSITIVE_INFINITY) <= oldest) this.#way.shift()
    const counts = new Array<number>(head.height - oldest + 1).fill(0)
    for (const { height, blocks } of this.#way) if (height >= oldest) counts[height - oldest] = blocks
    return counts
  }
}

/**
 * Computes EC finality and keeps the answer of the last head. It is an estimate for people and for `finalized` tags, in floating
 * point; no rule of consensus uses it.
 */
export class EcFinalityCalculator {
  readonly #chain: ChainReader
  readonly #counts: BlockCounts
  #last: EcFinality | undefined

  constructor(components: { readonly chain: ChainReader }) {
    this.#chain = components.chain
    this.#counts = new BlockCounts(components)
  }

  /** @throws MissingBlockError where the store does not reach back 905 epochs */
  at(head: Tipset): EcFinality {
    if (this.#last?.head.equals(head) === true) return this.#last
    const depth = finalDepth(this.#counts.upTo(head), DEFAULT_ASSUMPTIONS, FINALITY_TARGET)
    const finalized =
      depth === undefined ? undefined : this.#chain.tipsetByHeight(Math.max(0, head.height - depth), head, { before: true })
    this.#last = { head, depth, finalized }
    return this.#last
  }
}
