import { NodeError } from '../lib/errors.ts'

export type NetworkErrorCode =
  /** A name that is no known network. */
  | 'NETWORK_UNKNOWN'
  /** A network file that cannot be read or says something impossible. */
  | 'NETWORK_FILE'
  /** The genesis block is not the one that the network is described with. */
  | 'NETWORK_GENESIS'

export class NetworkError extends NodeError {
  declare readonly code: NetworkErrorCode
  constructor(code: NetworkErrorCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? {} : { cause })
  }
}
