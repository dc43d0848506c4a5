import { type ErrorFields, NodeError } from '../../lib/errors.ts'

export type SnapshotErrorCode =
  /** A CAR that is no snapshot: no roots, or metadata of a version that is not known. */
  | 'SNAPSHOT_FORMAT'
  /** Blocks are missing: the chain of headers or the state that was asked for is not whole. */
  | 'SNAPSHOT_INCOMPLETE'
  /** The snapshot belongs to another network. */
  | 'SNAPSHOT_GENESIS'

/** A file that is a CAR but cannot be used as a snapshot. */
export class SnapshotError extends NodeError {
  declare readonly code: SnapshotErrorCode
  constructor(code: SnapshotErrorCode, message: string, options: { cause?: unknown; hint?: string; fields?: ErrorFields } = {}) {
    super(code, message, options)
  }
}
