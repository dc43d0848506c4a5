import type { TipsetView } from '../../api/types/chain.ts'
import type { MiningBaseInfo } from '../../api/types/miner.ts'
import { blake2b256 } from '../../native/crypto.ts'
import type { Address } from '../../types/address.ts'
import type { BeaconEntry, ElectionProof, Ticket } from '../../types/block.ts'
import { drawingEntry, electionInput, ticketInput, winningPostRandomness } from '../../types/draws.ts'
import { winCount } from '../../types/election.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { ProvingSector } from '../proving.ts'
import { keyOf, type MiningChain } from './chain.ts'
import type { StageTimes } from './record.ts'

/** What an actor has of an epoch after the election. */
export type Draw =
  | { readonly outcome: 'nothing-to-prove' }
  | { readonly outcome: 'not-eligible'; readonly info: MiningBaseInfo }
  | { readonly outcome: 'lost'; readonly info: MiningBaseInfo }
  | { readonly outcome: 'won'; readonly info: MiningBaseInfo; readonly entry: BeaconEntry; readonly proof: ElectionProof }

/** Whether an actor may make a block of an epoch, and how often it wins (Lotus miner/miner.go mineOne, gen.IsRoundWinner). */
export async function drawElection(
  chain: Pick<MiningChain, 'baseInfo' | 'draw'>,
  miner: Address,
  base: TipsetView,
  epoch: ChainEpoch,
  times: StageTimes,
  signal: AbortSignal,
): Promise<Draw> {
  const info = await times.measure('baseInfo', () => chain.baseInfo(miner, epoch, keyOf(base), signal))
  if (info === null) return { outcome: 'nothing-to-prove' }
  if (!info.eligibleForMining) return { outcome: 'not-eligible', info }
  const entry = drawingEntry(info, info.prevBeaconEntry)
  const vrfProof = await times.measure('election', () => chain.draw(info.workerKey, electionInput(entry, epoch, miner), signal))
  const wins = winCount(vrfProof, info.minerPower, info.networkPower)
  if (wins < 1) return { outcome: 'lost', info }
  return { outcome: 'won', info, entry, proof: { winCount: BigInt(wins), vrfProof } }
}

/** The ticket of a block. @param smoke the last epoch of the version before Smoke */
export async function drawTicket(
  chain: Pick<MiningChain, 'draw'>,
  smoke: ChainEpoch,
  block: { readonly miner: Address; readonly worker: Address; readonly entry: BeaconEntry; readonly epoch: ChainEpoch },
  base: TipsetView,
  signal: AbortSignal,
): Promise<Ticket> {
  const input = ticketInput(smoke, block.entry, block.epoch, block.miner, minTicket(base))
  return { vrfProof: await chain.draw(block.worker, input, signal) }
}

/** The smallest ticket of a tipset: that of its first block. */
export function minTicket({ blocks }: TipsetView): Ticket {
  return blocks[0]?.ticket ?? { vrfProof: new Uint8Array(0) }
}

/** 1 for the best ticket, 0 for the worst (Lotus types.Ticket.Quality). Only the choice of messages goes by it. */
export function ticketQuality({ vrfProof }: Ticket): number {
  const top = Buffer.from(blake2b256(vrfProof)).readBigUInt64BE()
  return 1 - Number(top) / 2 ** 64
}

/** The challenge of a block's winning PoSt, and the sectors that it is about. */
export function provingTask(miner: Address, epoch: ChainEpoch, draw: Extract<Draw, { readonly outcome: 'won' }>) {
  const sectors: ProvingSector[] = draw.info.sectors.map((s) => ({
    number: s.sectorNumber,
    sealProof: s.sealProof,
    sealedCid: s.sealedCid,
    updated: s.sectorKey !== null,
  }))
  return { sectors, randomness: winningPostRandomness(draw.entry, epoch, miner) }
}
