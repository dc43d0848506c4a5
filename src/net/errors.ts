import { type ErrorFields, NodeError } from '../lib/errors.ts'

export type NetErrorCode =
  /** A peer said something that its protocol does not allow. */
  | 'NET_PROTOCOL'
  /** A peer took too long to send, to take, or to answer. */
  | 'NET_TIMEOUT'
  /** A peer sent more than its protocol allows. */
  | 'NET_TOO_LARGE'
  /** No peer could give what was asked for. */
  | 'NET_NO_PEERS'
  /** A peer answered that it cannot or will not give what was asked for. */
  | 'NET_REFUSED'
  /** A peer's answer is not what was asked for. */
  | 'NET_BAD_ANSWER'
  /** A multiaddress, peer id, address or subnet that cannot be read. */
  | 'NET_ADDRESS'
  /** No connection to the peer, or none could be made. */
  | 'NET_UNREACHABLE'
  /** A message of our own that the validators did not accept. */
  | 'NET_PUBLISH'
  /** Blocks that did not arrive in time over bitswap. */
  | 'NET_BLOCKS_MISSING'
  /** A scope of limits or statistics that does not exist. */
  | 'NET_SCOPE'
  /** The network is not running. */
  | 'NET_STOPPED'

export class NetError extends NodeError {
  declare readonly code: NetErrorCode
  constructor(code: NetErrorCode, message: string, options: { cause?: unknown; fields?: ErrorFields; hint?: string } = {}) {
    super(code, message, options)
  }
}
