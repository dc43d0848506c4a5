import { NodeError, type NodeErrorOptions } from '../../lib/errors.ts'

export type QueryErrorCode =
  /** The epoch asked for lies after the tipset to start from. */
  | 'API_BAD_EPOCH'
  /** A message filter that names neither sender nor receiver. */
  | 'API_BAD_MATCH'
  /** Size or duration of a sector that no sector can have. */
  | 'API_BAD_SECTOR'
  /** A path of ChainGetNode that cannot be read, or that leads nowhere. */
  | 'API_BAD_PATH'
  /** The id has no key or robust address. */
  | 'API_ADDRESS_UNKNOWN'
  /** The method takes an id address. */
  | 'API_NOT_AN_ID'
  /** The address belongs to an actor that has no key. */
  | 'API_NOT_AN_ACCOUNT'
  /** The market holds no such deal. */
  | 'API_DEAL_UNKNOWN'
  /** The message was not found on the chain. */
  | 'API_MESSAGE_UNKNOWN'
  /** A miner that owes more than it has. */
  | 'API_MINER_BROKEN'
  /** The network never ran such a version. */
  | 'API_NO_BUNDLE'
  /** A method that Lotus lists but never answers. */
  | 'API_UNSUPPORTED'
  /** The answer would be larger than the node is willing to make. */
  | 'API_TOO_LARGE'

/** What a query about chain or state refuses with. */
export class QueryError extends NodeError {
  declare readonly code: QueryErrorCode
  constructor(code: QueryErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
