import { Lru } from '../lib/lru.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import type { Tipset, TipsetKey } from '../types/tipset.ts'
import { StoreError } from './errors.ts'

/** Epochs that one entry of the index jumps (Lotus chain/store/index.go). */
const SKIP = 20

interface Skip {
  readonly height: ChainEpoch
  readonly target: TipsetKey
}

/**
 * A skip list over the tipsets of every fork, filled as it is asked: an entry leads from a tipset at or just above a multiple
 * of 20 epochs to the one about 20 epochs below. Entries never become wrong (a tipset's ancestors do not change), so one
 * index can serve several readers of a thread.
 */
export class ChainIndex {
  readonly #skips: Lru<string, Skip>

  /** @param maxEntries each stands for 20 epochs; the default covers all of mainnet's history */
  constructor(maxEntries = 1 << 19) {
    this.#skips = new Lru(maxEntries)
  }

  /**
   * The tipset at `to`, or the next one above it when that round is null.
   * @throws StoreError STORE_HEIGHT when `to` lies above `from`
   */
  lookUp(from: Tipset, to: ChainEpoch, parentOf: (t: Tipset) => Tipset, load: (key: TipsetKey) => Tipset): Tipset {
    if (from.height - to <= SKIP) return walkBack(from, to, parentOf)
    let key = walkBack(from, floor(from.height), parentOf).key
    for (;;) {
      // Known entries are followed by key alone; tipsets are loaded only where the walk ends.
      const skip = this.#skip(key, parentOf, load)
      if (to === skip.height) return load(skip.target)
      if (to > skip.height) return walkBack(load(key), to, parentOf)
      key = skip.target
    }
  }

  #skip(key: TipsetKey, parentOf: (t: Tipset) => Tipset, load: (key: TipsetKey) => Tipset): Skip {
    const known = this.#skips.get(key.id)
    if (known !== undefined) return known
    const tipset = load(key)
    const target = tipset.height === 0 ? tipset : skipTarget(tipset, parentOf)
    const skip = { height: target.height, target: target.key }
    this.#skips.set(key.id, skip)
    return skip
  }
}

function skipTarget(tipset: Tipset, parentOf: (t: Tipset) => Tipset): Tipset {
  const wanted = Math.max(floor(tipset.height) - SKIP, 0)
  const parent = parentOf(tipset)
  return parent.height < wanted ? parent : walkBack(parent, wanted, parentOf)
}

function floor(height: ChainEpoch): ChainEpoch {
  return height - (height % SKIP)
}

function walkBack(from: Tipset, to: ChainEpoch, parentOf: (t: Tipset) => Tipset): Tipset {
  if (to > from.height) throw new StoreError('STORE_HEIGHT', `height ${to} lies above the tipset to start from (${from.height})`)
  let at = from
  while (at.height > to) {
    const parent = parentOf(at)
    // The round is null: the tipset after it is the answer.
    if (parent.height < to) return at
    at = parent
  }
  return at
}
