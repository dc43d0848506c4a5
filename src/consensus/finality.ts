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

/** Blocks in each epoch up to the head, oldest first, null rounds as 0; fewer than `epochs` on a young chain. */
export function blocksPerEpoch(chain: ChainReader, head: Tipset, epochs: number = EC_WINDOW): number[] {
  const counts: number[] = []
  let at = head
  for (;;) {
    counts.push(at.blocks.length)
    if (counts.length >= epochs || at.height === 0) break
    const parent = chain.parent(at)
    for (let e: ChainEpoch = at.height - 1; e > parent.height && counts.length < epochs; e--) counts.push(0)
    if (counts.length >= epochs) break
    at = parent
  }
  return counts.reverse()
}

/**
 * Computes EC finality and keeps the answer of the last head. It is an estimate for people and for `finalized` tags, in floating
 * point; no rule of consensus uses it.
 */
export class EcFinalityCalculator {
  readonly #chain: ChainReader
  #last: EcFinality | undefined

  constructor(components: { readonly chain: ChainReader }) {
    this.#chain = components.chain
  }

  /** @throws MissingBlockError where the store does not reach back 905 epochs */
  at(head: Tipset): EcFinality {
    if (this.#last?.head.equals(head) === true) return this.#last
    const counts = blocksPerEpoch(this.#chain, head)
    const depth = finalDepth(counts, DEFAULT_ASSUMPTIONS, FINALITY_TARGET)
    const finalized =
      depth === undefined ? undefined : this.#chain.tipsetByHeight(Math.max(0, head.height - depth), head, { before: true })
    this.#last = { head, depth, finalized }
    return this.#last
  }
}
