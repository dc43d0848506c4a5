import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'
import type { CID } from '../types/cid.ts'

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

export class SyncError extends NodeError {
  declare readonly code: SyncErrorCode
  /** Whether the target itself is at fault, whoever is asked. */
  readonly permanent: boolean

  constructor(code: SyncErrorCode, message: string, options: NodeErrorOptions & { readonly permanent?: boolean } = {}) {
    super(code, message, options)
    this.permanent = options.permanent ?? false
  }
}

/** The error for a block that was found to be bad before. */
export function badBlock(cid: CID, reason: string): SyncError {
  return new SyncError('SYNC_BAD_BLOCK', `block ${cid} is known to be bad: ${reason}`, { permanent: true })
}

/** The code of whatever was thrown; undefined where it has none. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined
}

/** What keeps a chain from ever being ours, though its blocks may be in order. */
const FOREIGN: ReadonlySet<unknown> = new Set(['SYNC_FORK_TOO_LONG', 'SYNC_CHECKPOINT', 'SYNC_GENESIS'])

/** Whether nobody gave what was asked for, those who claim to have it among them. */
export function isUnavailable(error: unknown): boolean {
  return codeOf(error) === 'SYNC_UNAVAILABLE' || codeOf(error) === 'NET_NO_PEERS'
}

/** Whether an error is the fault of who claimed the target to be its head. */
export function isBadClaim(error: unknown): boolean {
  return isPermanent(error) || isUnavailable(error) || FOREIGN.has(codeOf(error))
}

/** Whether an error says that the block is bad for good (and not: not yet, or not to be had). */
export function isPermanent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { permanent?: unknown }).permanent === true
}
