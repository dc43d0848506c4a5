import { StateError } from '../../state/errors.ts'
import type { StateManager } from '../../state/state-manager.ts'
import type { CID } from '../../types/cid.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { Tipset } from '../../types/tipset.ts'
import { BlockError } from '../errors.ts'

/** The tipset 900 epochs back and the state after it, by which a miner's power, key and sectors are judged. */
export interface Lookback {
  readonly tipset: Tipset
  readonly stateRoot: CID
}

/**
 * The lookback lies below the parents: no more than 900 null rounds before the block (Lotus GetLookbackTipSetForRound).
 * @throws BlockError BLOCK_LOOKBACK
 */
export function lookbackOf(state: StateManager, base: Tipset, height: ChainEpoch): Lookback {
  try {
    return state.lookback(base, height)
  } catch (cause) {
    if (!(cause instanceof StateError) || cause.code !== 'STATE_LOOKBACK') throw cause
    throw new BlockError(
      'BLOCK_LOOKBACK',
      `too many null rounds lie between height ${height} and its parents at ${base.height}`,
      { cause },
    )
  }
}
