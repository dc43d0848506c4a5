import { allowableClockDriftSecs, finality } from '../../networks/constants.ts'
import type { Network } from '../../networks/types.ts'
import type { BlockHeader } from '../../types/block.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { Tipset } from '../../types/tipset.ts'
import { BlockError } from '../errors.ts'

/** Epochs by which a header may be ahead of the clock and still be looked at (Lotus filcns MaxHeightDrift). */
const MAX_HEIGHT_DRIFT = 5

/** A block stands above its parents (Lotus filcns/filecoin.go). @throws BlockError BLOCK_HEIGHT */
export function checkHeight(header: BlockHeader, base: Tipset): void {
  if (header.height > base.height) return
  throw new BlockError('BLOCK_HEIGHT', `height ${header.height} is not above the parents' height ${base.height}`)
}

/**
 * The timestamp is exactly the parents' plus one block delay for each epoch between (Lotus filcns/filecoin.go).
 * @throws BlockError BLOCK_TIMESTAMP
 */
export function checkTimestamp(network: Pick<Network, 'blockDelaySecs'>, header: BlockHeader, base: Tipset): void {
  const expected = base.minTimestamp + BigInt(network.blockDelaySecs) * BigInt(header.height - base.height)
  if (header.timestamp === expected) return
  throw new BlockError('BLOCK_TIMESTAMP', `the timestamp is ${header.timestamp}, not ${expected}`)
}

/**
 * A block may be a second ahead of the clock; what is further ahead is judged when its time has come.
 * Source: Lotus filcns/filecoin.go, consensus.ErrTemporal.
 * @param now Unix seconds
 * @throws BlockError BLOCK_FUTURE
 */
export function checkNotFuture(header: BlockHeader, now: number): void {
  const ahead = header.timestamp - BigInt(now)
  if (ahead <= BigInt(allowableClockDriftSecs)) return
  throw new BlockError('BLOCK_FUTURE', `the block is ${ahead} seconds ahead of this node's clock`, { fields: { ahead } })
}

/** Whether blocks of a height matter: not below finality, at most 5 epochs ahead of the clock (Lotus IsEpochInConsensusRange). */
export function isInConsensusRange(
  network: Pick<Network, 'blockDelaySecs'>,
  genesisTimestamp: bigint,
  height: ChainEpoch,
  headHeight: ChainEpoch,
  now: number,
): boolean {
  if (height < headHeight - finality) return false
  const epoch = (BigInt(now) - genesisTimestamp) / BigInt(network.blockDelaySecs)
  return BigInt(height) <= epoch + BigInt(MAX_HEIGHT_DRIFT)
}
