import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'

export type MpoolErrorCode =
  /** The message is longer than 64 KiB. */
  | 'MPOOL_TOO_BIG'
  /** The message breaks a rule that every block's messages keep. */
  | 'MPOOL_INVALID'
  /** The message sends as much FIL as there can ever be. */
  | 'MPOOL_VALUE'
  /** The message goes to no address, or to a delegated one that is no Ethereum address. */
  | 'MPOOL_TO'
  /** The signature is not the sender's. */
  | 'MPOOL_SIGNATURE'
  /** The fee cap is below the least base fee, or below what the next blocks are likely to ask. */
  | 'MPOOL_FEE_CAP'
  /** The nonce was used on chain already. */
  | 'MPOOL_NONCE_LOW'
  /** Messages are missing between the sender's next nonce and this one's. */
  | 'MPOOL_NONCE_GAP'
  /** The very message, or one of the same nonce, is in the pool. */
  | 'MPOOL_NONCE_TAKEN'
  /** A replacement does not pay enough more than what it would replace. */
  | 'MPOOL_REPLACE_FEE'
  /** The sender has as many messages in the pool as one may have. */
  | 'MPOOL_TOO_MANY'
  /** The pool is full, and was pruned too short a time ago to be pruned again. */
  | 'MPOOL_FULL'
  /** The sender's balance does not cover the gas of its messages. */
  | 'MPOOL_FUNDS'
  /** The sender is not in the state of the chain's head. */
  | 'MPOOL_SENDER_UNKNOWN'
  /** The sender is an actor that cannot send messages. */
  | 'MPOOL_SENDER'
  /** A setting of the pool is out of range. */
  | 'MPOOL_CONFIG'
  /** The pool has nothing to judge messages by: the chain has no head. */
  | 'MPOOL_NO_HEAD'
  /** A reader of the pool's changes did not keep up and was dropped. */
  | 'MPOOL_SLOW_READER'
  /** The call gives a nonce where the node chooses it. */
  | 'MPOOL_NONCE_GIVEN'
  /** The gas of a message could not be estimated, or its premium came out above its fee cap. */
  | 'MPOOL_ESTIMATE'

/** What gossip does with a message that the pool did not take: only what no honest node passes on counts against its sender. */
export type MpoolVerdict = 'ignore' | 'reject'

/** Faults that may lie in our view of the chain, or in the order in which messages came (Lotus chain/sub/incoming.go). */
const SOFT: ReadonlySet<MpoolErrorCode> = new Set<MpoolErrorCode>([
  'MPOOL_FEE_CAP',
  'MPOOL_NONCE_LOW',
  'MPOOL_NONCE_GAP',
  'MPOOL_NONCE_TAKEN',
  'MPOOL_REPLACE_FEE',
  'MPOOL_TOO_MANY',
  'MPOOL_FULL',
  'MPOOL_FUNDS',
  'MPOOL_SENDER_UNKNOWN',
  'MPOOL_NO_HEAD',
])

/** Why a message was not taken, or a call about the pool refused. The texts are Lotus's where clients look for them. */
export class MpoolError extends NodeError {
  declare readonly code: MpoolErrorCode
  readonly verdict: MpoolVerdict

  constructor(code: MpoolErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
    this.verdict = SOFT.has(code) ? 'ignore' : 'reject'
  }
}
