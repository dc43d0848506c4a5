import * as v2 from '../../api/methods/v2.ts'
import { EC_WINDOW, type EcFinality, EcFinalityCalculator } from '../../consensus/finality.ts'
import { finality, safeHeightDistance } from '../../networks/constants.ts'
import { MissingBlockError } from '../../store/blockstore.ts'
import type { ChainReader } from '../../store/chain-reader.ts'
import type { Tipset } from '../../types/tipset.ts'
import { type BoundQuery, type QueryEnv, query } from './env.ts'

/** The calculator of each chain; it keeps the answer for the last head. */
const calculators = new WeakMap<ChainReader, EcFinalityCalculator>()

/**
 * What the blocks that were made say about the head; undefined where the chain, or what the store holds of it, is shorter than the
 * 905 epochs that are counted: Lotus then goes by 900 epochs too (chain/ecfinality/cache.go).
 */
function ecFinality({ state, head }: QueryEnv): EcFinality | undefined {
  if (head.height + 1 < EC_WINDOW) return undefined
  let calculator = calculators.get(state.chain)
  if (calculator === undefined) {
    calculator = new EcFinalityCalculator({ chain: state.chain })
    calculators.set(state.chain, calculator)
  }
  try {
    return calculator.at(head)
  } catch (error) {
    if (error instanceof MissingBlockError) return undefined
    throw error
  }
}

/**
 * 900 epochs below the head: ChainGetFinalizedTipSet of API v1 (Lotus node/impl/full/chain.go).
 * @throws StoreError STORE_HEIGHT on a shorter chain, as Lotus has it: nothing is final yet
 */
export function staticFinalized({ state, head }: QueryEnv): Tipset {
  return state.chain.tipsetByHeight(head.height - finality, head, { before: true })
}

/** The same for API v2, in which the genesis is final from the beginning (Lotus node/impl/full/chain_v2.go). */
function staticFinalizedV2({ state, head }: QueryEnv): Tipset {
  return state.chain.tipsetByHeight(Math.max(0, head.height - finality), head, { before: true })
}

/** The `finalized` of API v2: by the blocks that were made, by 900 epochs where these say nothing (Lotus node/impl/full/chain_v2.go). */
export function finalizedTipset(env: QueryEnv): Tipset {
  return ecFinality(env)?.finalized ?? staticFinalizedV2(env)
}

/** The `safe` of API v2: 200 epochs below the head, or the finalized one where that is newer. */
export function safeTipset(env: QueryEnv): Tipset {
  const finalized = finalizedTipset(env)
  const height = Math.max(0, env.head.height - safeHeightDistance)
  if (finalized.height >= height) return finalized
  return env.state.chain.tipsetByHeight(height, env.head, { before: true })
}

export const finalityHandlers: readonly BoundQuery[] = [
  query(v2.chainGetTipSetFinalityStatus, (_, env) => {
    const ec = ecFinality(env)
    return {
      ecFinalityThresholdDepth: ec?.depth ?? -1,
      ecFinalizedTipSet: ec?.finalized ?? null,
      f3FinalizedTipSet: null,
      finalizedTipSet: finalizedTipset(env),
      head: env.head,
    }
  }),
]
