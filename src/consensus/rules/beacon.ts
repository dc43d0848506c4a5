import { verifyBlockBeacon } from '../../beacon/block-entries.ts'
import { BeaconError } from '../../beacon/errors.ts'
import { StateError } from '../../state/errors.ts'
import type { BeaconEntry } from '../../types/block.ts'
import type { Tipset } from '../../types/tipset.ts'
import type { ConsensusEnv, WholeHeader } from '../env.ts'
import { BlockError } from '../errors.ts'

/**
 * The newest beacon entry of the chain that ends in the parents, sought in 20 tipsets (Lotus GetLatestBeaconEntry).
 * @throws BlockError BLOCK_NO_BEACON
 */
export function previousEntry({ state }: ConsensusEnv, base: Tipset): BeaconEntry {
  try {
    return state.randomness(base).latestBeaconEntry(base)
  } catch (cause) {
    if (!(cause instanceof StateError) || cause.code !== 'STATE_RANDOMNESS') throw cause
    throw new BlockError('BLOCK_NO_BEACON', 'the chain below the block holds no beacon entry', { cause })
  }
}

/**
 * The block carries the rounds of its epochs, signed by the drand network (Lotus beacon.ValidateBlockValues; FIP-0063).
 * @throws BlockError BLOCK_BEACON
 */
export async function checkBeacon(
  { state, verifier }: ConsensusEnv,
  header: WholeHeader,
  base: Tipset,
  previous: BeaconEntry,
): Promise<void> {
  const at = { parentEpoch: base.height, networkVersion: state.networkVersion(header.height) }
  try {
    await verifyBlockBeacon({ network: state.network, genesisTimestamp: state.genesisTimestamp }, verifier, header, at, previous)
  } catch (cause) {
    if (!(cause instanceof BeaconError)) throw cause
    throw new BlockError('BLOCK_BEACON', cause.message, { cause, fields: { reason: cause.code } })
  }
}
