import { NodeError, type NodeErrorOptions } from '../../lib/errors.ts'

export type DevnetErrorCode =
  /** A wish that no devnet can fulfil: too many miners, a block delay out of range. */
  | 'DEVNET_OPTIONS'
  /** A devnet's folder that cannot be read, or is none. */
  | 'DEVNET_FOLDER'
  /** There is no devnet in the folder. */
  | 'DEVNET_NONE'
  /** The faucet cannot give what was asked for. */
  | 'DEVNET_FAUCET'

/** What goes wrong with the network that `devnet` makes. */
export class DevnetError extends NodeError {
  declare readonly code: DevnetErrorCode
  constructor(code: DevnetErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
