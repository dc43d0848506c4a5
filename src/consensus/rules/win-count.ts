import { winCount } from '../../types/election.ts'
import type { WholeHeader } from '../env.ts'
import { BlockError } from '../errors.ts'
import type { LookbackMiner } from './miner.ts'

/**
 * The block claims at least one win, and as many as its election proof gives with the miner's and the network's power in the
 * lookback state (Lotus filcns/filecoin.go, winnerCheck).
 * @throws BlockError BLOCK_WIN_COUNT
 */
export function checkWinCount(header: WholeHeader, miner: LookbackMiner): void {
  const { winCount: claimed, vrfProof } = header.electionProof
  if (claimed < 1n) throw new BlockError('BLOCK_WIN_COUNT', `the block claims ${claimed} wins`)
  const power = miner.power()
  const own = power.claim(header.miner)?.qualityAdjPower ?? 0n
  const total = power.totalPower.qualityAdjPower
  const won = total > 0n ? winCount(vrfProof, own, total) : 0
  if (claimed === BigInt(won)) return
  throw new BlockError('BLOCK_WIN_COUNT', `the block claims ${claimed} wins, its election proof gives ${won}`)
}
