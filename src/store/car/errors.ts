import { type ErrorFields, NodeError } from '../../lib/errors.ts'

export type CarErrorCode =
  /** Bytes that are no CAR: a wrong header, a section of impossible length, a CID that cannot be read. */
  | 'CAR_FORMAT'
  /** A block whose bytes do not hash to its CID. */
  | 'CAR_HASH'
  /** The file ends inside a section, or before the length that its header declares. */
  | 'CAR_TRUNCATED'
  /** The file cannot be opened, or the server that sends it failed for good. */
  | 'CAR_SOURCE'

/** A failure of reading or writing a CAR file. */
export class CarError extends NodeError {
  declare readonly code: CarErrorCode
  constructor(code: CarErrorCode, message: string, options: { cause?: unknown; hint?: string; fields?: ErrorFields } = {}) {
    super(code, message, options)
  }
}
