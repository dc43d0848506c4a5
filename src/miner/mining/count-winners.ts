import type { Winners } from '../../api/types/mining.ts'
import type { Address } from '../../types/address.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import { MinerError } from '../errors.ts'
import type { MiningChain } from './chain.ts'
import { StageTimes } from './record.ts'
import { drawElection } from './win.ts'

/** Epochs of one question: a day. */
const MAX_EPOCHS = 2880

/**
 * How often the draws of actors win in a range of epochs, both ends included: each epoch is drawn for on the tipset before it,
 * as the chain has it now, whether a block was made or not.
 * @throws MinerError MINER_RANGE
 */
export async function countWinners(
  chain: Pick<MiningChain, 'tipsetAt' | 'baseInfo' | 'draw'>,
  miners: readonly Address[],
  from: ChainEpoch,
  to: ChainEpoch,
  signal: AbortSignal,
): Promise<Winners[]> {
  if (from < 1 || to < from || to - from >= MAX_EPOCHS)
    throw new MinerError('MINER_RANGE', `the range ${from} to ${to} is not one of 1 to ${MAX_EPOCHS} epochs after the genesis`)
  const out = miners.map((miner): Winners => ({ miner, totalWinCount: 0n, winEpochs: [] }))
  for (let epoch = from; epoch <= to; epoch++) {
    signal.throwIfAborted()
    const base = await chain.tipsetAt(epoch - 1, signal)
    await Promise.all(
      out.map(async (w) => {
        const draw = await drawElection(chain, w.miner, base, epoch, new StageTimes(() => 0), signal)
        if (draw.outcome !== 'won') return
        w.totalWinCount += draw.proof.winCount
        w.winEpochs.push({ epoch, winCount: draw.proof.winCount })
      }),
    )
  }
  return out
}
