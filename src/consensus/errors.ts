import { type ErrorFields, NodeError } from '../lib/errors.ts'

export type ConsensusErrorCode =
  /** No miner has power: the chain cannot be weighed. */
  | 'CONSENSUS_NO_POWER'
  /** The verifying keys of proofs of spacetime are missing, so that no block can be judged. */
  | 'CONSENSUS_PROOF_KEYS'

/** What keeps this node from judging; it says nothing about a block. */
export class ConsensusError extends NodeError {
  declare readonly code: ConsensusErrorCode
  constructor(code: ConsensusErrorCode, message: string, options: { readonly cause?: unknown; readonly hint?: string } = {}) {
    super(code, message, options)
  }
}

export type BlockErrorCode =
  /** A block header lacks its ticket, election proof, signature or aggregate, or its miner is no id address. */
  | 'BLOCK_MALFORMED'
  /** A block's parents are not in the store: nothing can be said about the block yet. */
  | 'BLOCK_PARENTS_MISSING'
  /** A block's parents form no tipset. */
  | 'BLOCK_PARENTS'
  /** A block's height is not above its parents'. */
  | 'BLOCK_HEIGHT'
  /** A block's timestamp is not its parents' plus the epochs between. */
  | 'BLOCK_TIMESTAMP'
  /** A block's time has not come yet; it may be valid then. */
  | 'BLOCK_FUTURE'
  /** A block's height lies outside of what this node follows. */
  | 'BLOCK_OUT_OF_RANGE'
  /** More than 900 null rounds lie between a block and its parents. */
  | 'BLOCK_LOOKBACK'
  /** The chain below a block holds no beacon entry to go on from. */
  | 'BLOCK_NO_BEACON'
  /** A block's miner has no claim to power in the state of its parents: it never was a miner, or was slashed. */
  | 'BLOCK_MINER_UNKNOWN'
  /** A block's miner has too little power, owes fees, or committed a consensus fault. */
  | 'BLOCK_MINER_INELIGIBLE'
  /** A block's miner had no worker key that can sign blocks at the lookback. */
  | 'BLOCK_WORKER'
  /** A block states another weight of its parents than they have. */
  | 'BLOCK_WEIGHT'
  /** A block claims no win, or another number of wins than its election proof gives. */
  | 'BLOCK_WIN_COUNT'
  /** A block's election proof is not the worker's. */
  | 'BLOCK_ELECTION'
  /** A block's signature is not the worker's. */
  | 'BLOCK_SIGNATURE'
  /** A block's ticket is not the worker's. */
  | 'BLOCK_TICKET'
  /** A block's beacon entries are not those of its epochs. */
  | 'BLOCK_BEACON'
  /** A block's winning PoSt proves none of the challenged sectors. */
  | 'BLOCK_WINNING_POST'
  /** A block has more messages than blocks may carry. */
  | 'BLOCK_MESSAGE_COUNT'
  /** A block's messages are not those that its header names. */
  | 'BLOCK_MESSAGE_ROOT'
  /** A message in a block is malformed: an impossible address, amount, gas limit or version. */
  | 'BLOCK_MESSAGE_INVALID'
  /** The messages of a block may use more gas than a block has. */
  | 'BLOCK_GAS_LIMIT'
  /** A message's sender does not exist or cannot send. */
  | 'BLOCK_MESSAGE_SENDER'
  /** A message's nonce is not the sender's next one. */
  | 'BLOCK_MESSAGE_NONCE'
  /** A message's own signature is not its sender's, or of a kind that may not be in a block. */
  | 'BLOCK_MESSAGE_SIGNATURE'
  /** The aggregate of a block's BLS signatures does not verify. */
  | 'BLOCK_AGGREGATE'
  /** A block states another base fee than its parents give. */
  | 'BLOCK_BASE_FEE'
  /** A block states another state root than executing its parents gives. */
  | 'BLOCK_STATE_ROOT'
  /** A block states other receipts than executing its parents gives. */
  | 'BLOCK_RECEIPTS'
  /** Two blocks of a tipset are of one miner. */
  | 'BLOCK_DOUBLE'

/** What is to be done with a block from a peer: `reject` counts against who sent it, `ignore` does not. */
export type Verdict = 'reject' | 'ignore'

/** Wrong now or here, maybe right later or elsewhere (one of two blocks of a miner may be): not to be remembered as bad. */
const TEMPORAL: ReadonlySet<BlockErrorCode> = new Set<BlockErrorCode>([
  'BLOCK_PARENTS_MISSING',
  'BLOCK_FUTURE',
  'BLOCK_OUT_OF_RANGE',
  'BLOCK_DOUBLE',
])

export interface BlockErrorOptions {
  readonly cause?: unknown
  readonly fields?: ErrorFields
  /** Where the rule's usual verdict is not the right one: a header judged before its parents are known. */
  readonly verdict?: Verdict
}

/** A block breaks a rule of consensus. */
export class BlockError extends NodeError {
  declare readonly code: BlockErrorCode
  readonly verdict: Verdict
  /** False where the same block can be right later. */
  readonly permanent: boolean

  constructor(code: BlockErrorCode, message: string, options: BlockErrorOptions = {}) {
    super(code, message, options)
    this.verdict = options.verdict ?? (TEMPORAL.has(code) ? 'ignore' : 'reject')
    this.permanent = !TEMPORAL.has(code) && this.verdict === 'reject'
  }
}
