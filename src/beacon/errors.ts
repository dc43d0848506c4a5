import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'

export type BeaconErrorCode =
  /** A block carries more or fewer beacon entries than its epoch asks for. */
  | 'BEACON_COUNT'
  /** A block's beacon entry is of another round than its epoch asks for. */
  | 'BEACON_ROUND'
  /** A beacon entry is not signed by the drand network that it should come from. */
  | 'BEACON_SIGNATURE'
  /** No drand server gave the round that was asked for. */
  | 'BEACON_UNAVAILABLE'
  /** The beacon server of a private network cannot listen. */
  | 'BEACON_SERVER'

export class BeaconError extends NodeError {
  declare readonly code: BeaconErrorCode
  constructor(code: BeaconErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
