import { MissingBlockError } from '../../store/blockstore.ts'
import type { ChainReader } from '../../store/chain-reader.ts'
import { StoreError } from '../../store/errors.ts'
import type { BlockHeader } from '../../types/block.ts'
import { type Tipset, TipsetKey } from '../../types/tipset.ts'
import { BlockError } from '../errors.ts'

/**
 * The parents form a tipset, no miner twice among them, as execution demands.
 * Source: Lotus filcns/filecoin.go ValidateBlock; consensus/compute_state.go.
 * @throws BlockError BLOCK_PARENTS_MISSING where the store lacks them, BLOCK_PARENTS
 */
export function loadParents(chain: ChainReader, header: BlockHeader): Tipset {
  const key = new TipsetKey(header.parents)
  if (key.isEmpty) throw new BlockError('BLOCK_PARENTS', 'the block has no parents')
  let parents: Tipset
  try {
    parents = chain.tipset(key)
  } catch (cause) {
    if (cause instanceof MissingBlockError)
      throw new BlockError('BLOCK_PARENTS_MISSING', `the parents ${key} are not in the store`, { cause })
    if (cause instanceof StoreError && cause.code === 'STORE_CHAIN_OBJECT')
      throw new BlockError('BLOCK_PARENTS', `the parents ${key} form no tipset`, { cause })
    throw cause
  }
  const miners = new Set(parents.blocks.map((b) => b.miner.key))
  if (miners.size !== parents.blocks.length)
    throw new BlockError('BLOCK_PARENTS', `one miner has two blocks among the parents ${key}`)
  return parents
}
