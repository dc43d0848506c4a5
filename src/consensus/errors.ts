import { NodeError } from '../lib/errors.ts'

export type ConsensusErrorCode =
  /** No miner has power: the chain cannot be weighed. */
  'CONSENSUS_NO_POWER'

export class ConsensusError extends NodeError {
  declare readonly code: ConsensusErrorCode
  constructor(code: ConsensusErrorCode, message: string) {
    super(code, message)
  }
}
