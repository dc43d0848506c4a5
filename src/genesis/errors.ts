import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'

export type GenesisErrorCode =
  /** A genesis template that cannot be read, or that describes a network that cannot begin. */
  | 'GENESIS_TEMPLATE'
  /** A message of the making of a genesis failed, or its result is not what it must be. */
  | 'GENESIS_FAILED'

/** A failure of making a genesis. */
export class GenesisError extends NodeError {
  declare readonly code: GenesisErrorCode
  constructor(code: GenesisErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
