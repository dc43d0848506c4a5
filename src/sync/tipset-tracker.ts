import type { BlockHeader } from '../types/block.ts'
import { type CID, cidKey } from '../types/cid.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import { Tipset, TipsetKey } from '../types/tipset.ts'

interface Tracked {
  readonly header: BlockHeader
  readonly cid: CID
}

/** Epochs below the newest block for which blocks are remembered: finality. */
const KEPT_EPOCHS = 900

/**
 * Blocks that passed validation, by height: what tipsets are made of. Every block of a miner that made two at one height is
 * left out of the tipsets formed here (Lotus chain/store/store.go, FormHeaviestTipSetForHeight).
 */
export class TipsetTracker {
  readonly #byHeight = new Map<ChainEpoch, Map<string, Tracked>>()
  #newest = 0

  add(header: BlockHeader, cid: CID): void {
    const at = this.#byHeight.get(header.height) ?? new Map<string, Tracked>()
    this.#byHeight.set(header.height, at)
    at.set(cidKey(cid), { header, cid })
    if (header.height <= this.#newest) return
    this.#newest = header.height
    for (const height of this.#byHeight.keys()) if (height < this.#newest - KEPT_EPOCHS) this.#byHeight.delete(height)
  }

  /** Whether the miner of a block made another one at its height. */
  equivocates(header: BlockHeader): boolean {
    return this.#equivocators(header.height).has(header.miner.key)
  }

  #equivocators(height: ChainEpoch): Set<string> {
    const seen = new Set<string>()
    const twice = new Set<string>()
    for (const { header } of this.#byHeight.get(height)?.values() ?? []) {
      if (seen.has(header.miner.key)) twice.add(header.miner.key)
      seen.add(header.miner.key)
    }
    return twice
  }

  /** The largest tipset of the blocks at a height with the parents given; undefined when none is left. */
  expand(height: ChainEpoch, parents: readonly CID[]): Tipset | undefined {
    const wanted = new TipsetKey(parents).id
    const excluded = this.#equivocators(height)
    const fitting = [...(this.#byHeight.get(height)?.values() ?? [])].filter(
      ({ header }) => !excluded.has(header.miner.key) && new TipsetKey(header.parents).id === wanted,
    )
    return fitting.length === 0 ? undefined : Tipset.create(fitting.map((b) => b.header))
  }

  /** All tipsets that can be formed at a height, one for each set of parents. */
  at(height: ChainEpoch): Tipset[] {
    const parents = new Map<string, readonly CID[]>()
    for (const { header } of this.#byHeight.get(height)?.values() ?? [])
      parents.set(new TipsetKey(header.parents).id, header.parents)
    return [...parents.values()].flatMap((p) => this.expand(height, p) ?? [])
  }
}
