import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'

export type MinerErrorCode =
  /** The repo was not set up by `miner init`, or what it says of its actors is damaged. */
  | 'MINER_REPO'
  /** The actor is not one of those that this process serves. */
  | 'MINER_UNKNOWN_ACTOR'
  /** The full node is of another network or version than the miner can work with. */
  | 'MINER_FULL_NODE'
  /** Pre-sealed sectors or their description are not what the miner or the chain has. */
  | 'MINER_PRE_SEALED'
  /** A part of the miner is switched off in its configuration. */
  | 'MINER_DISABLED'
  /** The worker's key is not a BLS key, or not in the full node's wallet. */
  | 'MINER_WORKER_KEY'
  /** The actor has no sector that could be proven. */
  | 'MINER_NO_SECTOR'
  /** A block that was recorded before its publication cannot be read back as it was written. */
  | 'MINER_STORED_BLOCK'
  /** A miner actor cannot be made as asked for. */
  | 'MINER_CREATE'
  /** A message that sets up a miner was executed and failed. */
  | 'MINER_MESSAGE'
  /** A range or number of records that is not answered. */
  | 'MINER_RANGE'

/** A failure of the miner process itself. */
export class MinerError extends NodeError {
  declare readonly code: MinerErrorCode
  constructor(code: MinerErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
