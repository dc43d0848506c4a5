import { blake2b256 } from '../native/crypto.ts'
import type { BlockHeader } from '../types/block.ts'
import { Tipset, TipsetKey } from '../types/tipset.ts'

export interface WeighedTipset {
  readonly tipset: Tipset
  readonly weight: bigint
}

/** Where a tipset's blocks come in the order of tickets; smaller is better. */
function ticketHash(block: BlockHeader): Uint8Array {
  return blake2b256(block.ticket?.vrfProof ?? new Uint8Array(0))
}

/**
 * Compares two tipsets of one weight: block by block in their order, the first that has the smaller ticket wins. Positive when `a`
 * wins; 0 when the shorter one is the beginning of the other by tickets. Source: Lotus chain/store/store.go, breakWeightTie.
 */
export function compareTickets(a: Tipset, b: Tipset): number {
  const length = Math.min(a.blocks.length, b.blocks.length)
  for (let i = 0; i < length; i++) {
    const c = Buffer.compare(ticketHash(b.blocks[i] as BlockHeader), ticketHash(a.blocks[i] as BlockHeader))
    if (c !== 0) return c
  }
  return 0
}

/** Positive when `a` is the better head: heavier, or of the same weight with the smaller tickets. On 0 a node stays where it is. */
export function compareTipsets(a: WeighedTipset, b: WeighedTipset): number {
  if (a.weight !== b.weight) return a.weight > b.weight ? 1 : -1
  return compareTickets(a.tipset, b.tipset)
}

/** The best of some tipsets; the first where nothing decides. undefined for none. */
export function bestTipset<T extends WeighedTipset>(candidates: Iterable<T>): T | undefined {
  let best: T | undefined
  for (const c of candidates) if (best === undefined || compareTipsets(c, best) > 0) best = c
  return best
}

/** Miners with more than one of these blocks, all of one height: they equivocate. By address key. */
export function equivocators(blocks: readonly BlockHeader[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { miner } of blocks) {
    if (seen.has(miner.key)) twice.add(miner.key)
    seen.add(miner.key)
  }
  return twice
}

/**
 * The tipsets that different blocks of one height form: one for each set of parents, all blocks that have it in it. Every block of
 * a miner that made two at this height is left out, whatever its parents (Lotus chain/store/store.go, FormHeaviestTipSetForHeight).
 */
export function formTipsets(blocks: readonly BlockHeader[]): Tipset[] {
  const bad = equivocators(blocks)
  const byParents = new Map<string, BlockHeader[]>()
  for (const block of blocks) {
    if (bad.has(block.miner.key)) continue
    const key = new TipsetKey(block.parents).id
    const siblings = byParents.get(key)
    if (siblings === undefined) byParents.set(key, [block])
    else siblings.push(block)
  }
  return Array.from(byParents.values(), (siblings) => Tipset.create(siblings))
}
