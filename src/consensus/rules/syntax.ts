import { Protocol } from '../../types/address.ts'
import type { BlockHeader } from '../../types/block.ts'
import type { WholeHeader } from '../env.ts'
import { BlockError } from '../errors.ts'

/**
 * A header has a ticket, an election proof, a signature and an aggregate, and names its miner by id.
 * Source: Lotus chain/consensus/filcns/filecoin.go, blockSanityChecks.
 * @throws BlockError BLOCK_MALFORMED
 */
export function wholeHeader(header: BlockHeader): WholeHeader {
  for (const part of ['electionProof', 'ticket', 'blockSig', 'blsAggregate'] as const)
    if (header[part] === null) throw new BlockError('BLOCK_MALFORMED', `the block has no ${part}`, { fields: { part } })
  if (header.miner.protocol !== Protocol.id)
    throw new BlockError('BLOCK_MALFORMED', `the miner ${header.miner} is not named by its id`, { fields: { part: 'miner' } })
  return header as WholeHeader
}
