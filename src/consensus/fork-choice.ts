import { blake2b256 } from '../native/crypto.ts'
import type { BlockHeader } from '../types/block.ts'
import type { Tipset } from '../types/tipset.ts'

/** A tipset with the weight of the chain that ends in it. */
export interface WeighedTipset {
  readonly tipset: Tipset
  readonly weight: bigint
}

function ticketHash(block: BlockHeader): Uint8Array {
  return blake2b256(block.ticket?.vrfProof ?? new Uint8Array(0))
}

/**
 * Above 0 when `a` is to be preferred: the heavier one; of equals the one whose tickets, compared pairwise in block order, are
 * smaller first. 0 when that does not tell them apart: then the one that is the head already stays.
 * Source: Lotus chain/store/store.go, breakWeightTie.
 */
export function compareTipsets(a: WeighedTipset, b: WeighedTipset): number {
  if (a.weight !== b.weight) return a.weight > b.weight ? 1 : -1
  const shared = Math.min(a.tipset.blocks.length, b.tipset.blocks.length)
  for (let i = 0; i < shared; i++) {
    const order = Buffer.compare(ticketHash(a.tipset.blocks[i] as BlockHeader), ticketHash(b.tipset.blocks[i] as BlockHeader))
    if (order !== 0) return order < 0 ? 1 : -1
  }
  return 0
}
