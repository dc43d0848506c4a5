import { type ErrorFields, NodeError } from '../lib/errors.ts'

export type StoreErrorCode =
  /** A call after the store was closed, or before it was opened. */
  | 'STORE_CLOSED'
  /** The store's own files contradict each other: a pack or the index is damaged. */
  | 'STORE_CORRUPT'
  /** The folder cannot be opened: another process holds it, or it is not readable. */
  | 'STORE_OPEN'
  /** An object of the chain is not of the form that the protocol gives it. */
  | 'STORE_CHAIN_OBJECT'
  /** A height that the chain asked about does not have: negative, or above the tipset to start from. */
  | 'STORE_HEIGHT'
  /** Two tipsets lie further apart than the caller allows. */
  | 'STORE_PATH_TOO_LONG'
  /** The chain has no head yet. */
  | 'STORE_NO_HEAD'
  /** The chain in the store or in a snapshot begins with another genesis. */
  | 'STORE_GENESIS'
  /** A head change that the checkpoint or finality forbids. */
  | 'STORE_CHECKPOINT'
  /** A subscriber of head changes did not read in time and was dropped. */
  | 'STORE_SLOW_READER'

/** A failure of the block store, the metadata store or the chain store. */
export class StoreError extends NodeError {
  declare readonly code: StoreErrorCode
  constructor(code: StoreErrorCode, message: string, options: { cause?: unknown; hint?: string; fields?: ErrorFields } = {}) {
    super(code, message, options)
  }
}
