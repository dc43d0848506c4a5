/** Layer 6: expected consensus. `rules/` has one file per rule; this file runs them. */
import { blockCid } from '../types/block.ts'
import { cidKey } from '../types/cid.ts'
import { drawingEntry } from '../types/draws.ts'
import type { FullBlock } from '../types/full-block.ts'
import { Checks, type PartTimes } from './checks.ts'
import type { ConsensusEnv } from './env.ts'
import { checkAggregate } from './rules/aggregate.ts'
import { checkBaseFee } from './rules/base-fee.ts'
import { checkBeacon, previousEntry } from './rules/beacon.ts'
import { lookbackOf } from './rules/lookback.ts'
import { checkMessageForms } from './rules/message-form.ts'
import { checkMessageRoot } from './rules/message-root.ts'
import { checkMessageSignatures } from './rules/message-signature.ts'
import { checkEligible, checkMinerClaim, lookbackMiner } from './rules/miner.ts'
import { loadParents } from './rules/parents.ts'
import { checkSenders } from './rules/senders.ts'
import { checkSignature } from './rules/signature.ts'
import { checkReceipts, checkStateRoot } from './rules/state-root.ts'
import { wholeHeader } from './rules/syntax.ts'
import { checkHeight, checkNotFuture, checkTimestamp } from './rules/time.ts'
import { checkElection, checkTicket } from './rules/vrf.ts'
import { checkParentWeight } from './rules/weight.ts'
import { checkWinCount } from './rules/win-count.ts'
import { checkWinningPost } from './rules/winning-post.ts'
import { senderKeys } from './sender-keys.ts'

/**
 * Checks every rule of consensus on a block whose parents are in the store and valid. What is cheap comes first; then signatures
 * and proofs are checked in native threads while this one executes the parents.
 *
 * Runs in a thread that may do long synchronous work. Networks with fake proofs skip winning PoSts, mock beacons are not
 * verified. Order and rules: Lotus chain/consensus/filcns/filecoin.go (ValidateBlock) and chain/consensus/common.go.
 * @returns how long the parts took
 * @throws BlockError when the block breaks a rule; any other error when the node cannot tell
 */
export async function validateBlock(env: ConsensusEnv, block: FullBlock, signal?: AbortSignal): Promise<PartTimes> {
  return await (await beginValidation(env, block, signal)).settle()
}

/**
 * As `validateBlock`, but comes back as soon as the parents were executed; signatures and proofs are still being checked in
 * native threads. Meanwhile a block on top of this one can be begun. What is wrong comes out here or of `settle`.
 * @param beforeState called when only the execution is left: the time to have native threads begin
 */
export async function beginValidation(
  env: ConsensusEnv,
  block: FullBlock,
  signal?: AbortSignal,
  beforeState: () => void = () => env.proofs?.flush(),
): Promise<{ settle(): Promise<PartTimes> }> {
  signal?.throwIfAborted()
  const { state } = env
  const { network } = state
  const cid = blockCid(block.header)
  if (state.genesis.cids.some((c) => cidKey(c) === cidKey(cid))) return { settle: async () => ({}) }
  const checks = new Checks()

  const { header, base, lookback, miner, previous } = checks.now('header', () => {
    const header = wholeHeader(block.header)
    const base = loadParents(state.chain, header)
    checkHeight(header, base)
    checkTimestamp(network, header, base)
    checkNotFuture(header, env.now())
    checkMinerClaim(state, header.miner, base)
    const lookback = lookbackOf(state, base, header.height)
    return { header, base, lookback, miner: lookbackMiner(state, header.miner, lookback), previous: previousEntry(env, base) }
  })
  checks.now('power', () => {
    checkWinCount(header, miner)
    checkEligible(state, header.miner, base, lookback.tipset)
  })
  checks.now('weight', () => checkParentWeight(state, header, base))
  checks.now('base fee', () => checkBaseFee(state, header, base))

  const nv = state.networkVersion(header.height)
  const withMessages = !network.whitelistedBlocks.includes(cid.toString())
  const keys = senderKeys(state, base)
  const bare = function* () {
    yield* block.bls
    for (const m of block.secp) yield m.message
  }
  if (withMessages)
    checks.now('messages', () => {
      checkMessageRoot(block)
      checkMessageForms(network, header.height, nv, [...block.bls, ...block.secp])
    })

  const entry = drawingEntry(header, previous)
  checks.start('signature', () => checkSignature(header, miner.worker, env.proofs))
  checks.start('beacon', () => checkBeacon(env, header, base, previous))
  checks.start('election', () => checkElection(header, entry, miner.worker, env.proofs))
  checks.start('ticket', () => checkTicket(network, header, entry, miner.worker, base, env.proofs))
  if (withMessages) checks.start('aggregate', () => checkAggregate(header, block.bls, keys, env.proofs))
  if (network.proofs === 'real') checks.start('winning post', () => checkWinningPost(header, entry, miner, env.proofs))
  signal?.throwIfAborted()
  beforeState()

  checks.start('state', () => {
    const after = state.tipsetState(base)
    checkStateRoot(header, after)
    checkReceipts(header, after)
    if (withMessages) checkSenders(state.registry, state.stateTree(after.stateRoot), nv, bare())
  })
  if (withMessages) checks.start('message signatures', () => checkMessageSignatures(block.secp, network, nv, keys))
  return checks
}
