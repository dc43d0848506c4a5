import { Lru } from '../lib/lru.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import type { TipsetKey } from '../types/tipset.ts'
import { StoreError } from './errors.ts'

/** Epochs that one entry of the index jumps (Lotus chain/store/index.go). */
const SKIP = 20

/** A tipset as a walk sees it. */
export interface ChainLink {
  readonly key: TipsetKey
  readonly height: ChainEpoch
}

/** The tipset below another: all that a walk must know of a chain. */
export type ParentOf = (key: TipsetKey) => ChainLink

/**
 * A skip list over the tipsets of every fork, filled as it is asked: an entry leads from a tipset at or just above a multiple
 * of 20 epochs to the one about 20 epochs below. Entries never become wrong (a tipset's ancestors do not change), so one
 * index can serve several readers of a thread.
 */
export class ChainIndex {
  readonly #skips: Lru<string, ChainLink>

  /** @param maxEntries each stands for 20 epochs; the default covers all of mainnet's history */
  constructor(maxEntries = 1 << 19) {
    this.#skips = new Lru(maxEntries)
  }

  /**
   * The tipset at `to`, or the next one above it when that round is null.
   * @throws StoreError STORE_HEIGHT when `to` lies above `from`
   */
  lookUp(from: ChainLink, to: ChainEpoch, parentOf: ParentOf): ChainLink {
    if (from.height - to <= SKIP) return walkBack(from, to, parentOf)
    let at = walkBack(from, floor(from.height), parentOf)
    for (;;) {
      const below = this.#skip(at, parentOf)
      if (to === below.height) return below
      if (to > below.height) return walkBack(at, to, parentOf)
      at = below
    }
  }

  #skip(link: ChainLink, parentOf: ParentOf): ChainLink {
    const known = this.#skips.get(link.key.id)
    if (known !== undefined) return known
    const target = link.height === 0 ? link : skipTarget(link, parentOf)
    this.#skips.set(link.key.id, target)
    return target
  }
}

function skipTarget(link: ChainLink, parentOf: ParentOf): ChainLink {
  const wanted = Math.max(floor(link.height) - SKIP, 0)
  const parent = parentOf(link.key)
  return parent.height < wanted ? parent : walkBack(parent, wanted, parentOf)
}

function floor(height: ChainEpoch): ChainEpoch {
  return height - (height % SKIP)
}

function walkBack(from: ChainLink, to: ChainEpoch, parentOf: ParentOf): ChainLink {
  if (to > from.height) throw new StoreError('STORE_HEIGHT', `height ${to} lies above the tipset to start from (${from.height})`)
  let at = from
  while (at.height > to) {
    const parent = parentOf(at.key)
    // The round is null: the tipset after it is the answer.
    if (parent.height < to) return at
    at = parent
  }
  return at
}
