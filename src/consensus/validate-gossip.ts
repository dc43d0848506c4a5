import type { BlockMsg } from '../types/block.ts'
import type { Tipset } from '../types/tipset.ts'
import type { ConsensusEnv } from './env.ts'
import { BlockError, type Verdict } from './errors.ts'
import { lookbackOf } from './rules/lookback.ts'
import { checkMessageCids, checkMessageCount } from './rules/message-root.ts'
import { isEligible, lookbackMiner, powerIn } from './rules/miner.ts'
import { checkSignature } from './rules/signature.ts'
import { wholeHeader } from './rules/syntax.ts'
import { isInConsensusRange } from './rules/time.ts'

/** Seconds of age up to which the head counts as synchronised. */
const NEAR_SYNC_SECS = 6n * 3600n

/**
 * What can be checked of a block from gossip before its parents and messages are known: that it may matter, names its messages, and
 * is signed by a miner that the chain below `head` knows and lets mine. Source: Lotus chain/consensus/common.go
 * (ValidateBlockPubsub) and filcns/filecoin.go (ValidateBlockHeader).
 * @throws BlockError, whose verdict says what is to be done with the message. A miner that is not known is no fault of the sender;
 * one that may not mine is, unless this node is behind.
 */
export async function validateGossipBlock(env: ConsensusEnv, message: BlockMsg, head: Tipset): Promise<void> {
  const { state } = env
  checkMessageCount(message.blsMessages.length + message.secpkMessages.length)
  const header = wholeHeader(message.header)
  const now = env.now()
  if (!isInConsensusRange(state.network, state.genesisTimestamp, header.height, head.height, now)) {
    throw new BlockError('BLOCK_OUT_OF_RANGE', `height ${header.height} is not near the head at ${head.height}`)
  }
  checkMessageCids(header, message.blsMessages, message.secpkMessages)

  const { lookback, miner } = unlessUnknown(() => {
    const lookback = lookbackOf(state, head, header.height)
    return { lookback, miner: lookbackMiner(state, header.miner, lookback) }
  })
  if (powerIn(state, state.parentState(lookback.tipset)).claim(header.miner) === undefined) {
    throw new BlockError('BLOCK_MINER_UNKNOWN', `${header.miner} had no claim to power at the lookback`, { verdict: 'ignore' })
  }
  if (!isEligible(state, header.miner, head, lookback.tipset)) {
    const verdict: Verdict = BigInt(now) - head.minTimestamp < NEAR_SYNC_SECS ? 'reject' : 'ignore'
    throw new BlockError('BLOCK_MINER_INELIGIBLE', `${header.miner} may not mine as of the head`, { verdict })
  }
  if (header.electionProof.winCount < 1n) {
    throw new BlockError('BLOCK_WIN_COUNT', `the block claims ${header.electionProof.winCount} wins`)
  }
  await checkSignature(header, miner.worker)
}

/** What our own chain cannot answer is not held against the sender. */
function unlessUnknown<T>(look: () => T): T {
  try {
    return look()
  } catch (error) {
    if (error instanceof BlockError) throw new BlockError(error.code, error.message, { cause: error, verdict: 'ignore' })
    throw error
  }
}
