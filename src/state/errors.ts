import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'

export type StateErrorCode =
  /** The FVM or the cron of an epoch failed in a way that no valid chain shows. */
  | 'STATE_EXECUTION'
  /** Re-execution gave another root than the header states. */
  | 'STATE_MISMATCH'
  /** Randomness was asked of the future or of a beacon round that the chain does not hold. */
  | 'STATE_RANDOMNESS'
  /** A look-back reaches past the tipset it starts from. */
  | 'STATE_LOOKBACK'
  /** An upgrade changes state in a way that this version cannot do. */
  | 'STATE_MIGRATION_UNSUPPORTED'
  /** An upgrade's actor bundle is not at hand. */
  | 'STATE_MIGRATION_BUNDLE'
  /** A call would have to run an expensive upgrade (Lotus api.ErrExpensiveFork). */
  | 'STATE_EXPENSIVE_FORK'
  /** The actor is not in the state tree (Lotus api.EActorNotFound). */
  | 'STATE_ACTOR_NOT_FOUND'
  /** Another message took the nonce of the one that is sought. */
  | 'STATE_MESSAGE_REPLACED'
  /** The message is not in the tipset that was named. */
  | 'STATE_MESSAGE_NOT_FOUND'
  /** The balances of all actors do not add up to all FIL there is. */
  | 'STATE_SUPPLY'

export class StateError extends NodeError {
  declare readonly code: StateErrorCode
  constructor(code: StateErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
