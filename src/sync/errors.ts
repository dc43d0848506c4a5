import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'

export type SyncErrorCode =
  /** The chain leads through a block that is known to be bad. */
  | 'SYNC_BAD_BLOCK'
  /** The chain leaves ours more than finality (900 epochs) below the head. */
  | 'SYNC_FORK_TOO_LONG'
  /** The chain does not go through the checkpoint. */
  | 'SYNC_CHECKPOINT'
  /** The chain grows from another genesis. */
  | 'SYNC_GENESIS'
  /** Headers that do not follow from one another. */
  | 'SYNC_HEADERS'
  /** Nobody could give headers or messages; the target may be right. */
  | 'SYNC_UNAVAILABLE'
  /** A block that lies too far ahead of the clock. */
  | 'SYNC_FUTURE'

export class SyncError extends NodeError {
  declare readonly code: SyncErrorCode
  /** Whether the target itself is at fault, whoever is asked. */
  readonly permanent: boolean

  constructor(code: SyncErrorCode, message: string, options: NodeErrorOptions & { readonly permanent?: boolean } = {}) {
    super(code, message, options)
    this.permanent = options.permanent ?? false
  }
}

/** Whether an error says that the block is bad for good (and not: not yet, or not to be had). */
export function isPermanent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { permanent?: unknown }).permanent === true
}
