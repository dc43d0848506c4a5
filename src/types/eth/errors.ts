import { NodeError, type NodeErrorOptions } from '../../lib/errors.ts'

export type EthErrorCode =
  /** An address that has no Ethereum form, or bytes that are no Ethereum address. */
  | 'ETH_ADDRESS'
  /** A message that no Ethereum transaction can have become, or a transaction of an unknown kind. */
  | 'ETH_TRANSACTION'
  /** A transaction's signature is not of its kind's form, or is none. */
  | 'ETH_SIGNATURE'

export class EthError extends NodeError {
  declare readonly code: EthErrorCode
  constructor(code: EthErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
