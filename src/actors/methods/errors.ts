import { NodeError, type NodeErrorOptions } from '../../lib/errors.ts'

export type MethodErrorCode =
  /** The actor has no method of this number. */
  | 'METHOD_UNKNOWN'
  /** A name from which no number can be made. */
  | 'METHOD_NAME'
  /** Bytes that are not the method's parameters or return value. */
  | 'METHOD_PARAMS'

export class MethodError extends NodeError {
  declare readonly code: MethodErrorCode
  constructor(code: MethodErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
