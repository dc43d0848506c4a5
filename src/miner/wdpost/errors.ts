import { NodeError, type NodeErrorOptions } from '../../lib/errors.ts'

export type WindowPostErrorCode =
  /** No proof could be made; the sectors are readable, so the fault lies elsewhere. */
  | 'WINDOW_POST_FAILED'
  /** The proof that was made does not verify. */
  | 'WINDOW_POST_INVALID'
  /** The message with the proof was executed and refused. */
  | 'WINDOW_POST_REFUSED'
  /** The message with the proof is not in a block, and the fee limit does not allow a higher offer. */
  | 'WINDOW_POST_FEE_LIMIT'
  /** A deadline's index that is none. */
  | 'WINDOW_POST_DEADLINE'

export class WindowPostError extends NodeError {
  declare readonly code: WindowPostErrorCode

  constructor(code: WindowPostErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
