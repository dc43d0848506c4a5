import type { ActorRegistry } from '../actors/manifest.ts'
import { PowerView } from '../actors/power/view.ts'
import { StateTree } from '../actors/state-tree.ts'
import { POWER_ACTOR } from '../actors/well-known.ts'
import { bitLength } from '../lib/integer.ts'
import type { BlockReader } from '../store/blockstore.ts'
import type { Tipset } from '../types/tipset.ts'
import { ConsensusError } from './errors.ts'

/** Expected blocks per epoch. */
const BLOCKS_PER_EPOCH = 5n
/** Share of a tipset's blocks in its weight: 1/2. */
const RATIO = { num: 1n, denom: 2n }

/**
 * Weight of the chain that ends in `tipset`: the parent's weight, plus log2 of the network's power, plus the same
 * times the wins, both times 2^8 (Lotus chain/consensus/filcns/weight.go).
 * @throws ConsensusError CONSENSUS_NO_POWER
 */
export function tipsetWeight(store: BlockReader, registry: ActorRegistry, tipset: Tipset): bigint {
  const actor = StateTree.load(store, tipset.parentStateRoot).getActor(POWER_ACTOR)
  const power = actor === undefined ? 0n : PowerView.load(store, registry, actor).totalPower.qualityAdjPower
  if (power <= 0n)
    throw new ConsensusError('CONSENSUS_NO_POWER', `the network has no power in the state before height ${tipset.height}`)
  const log2Power = BigInt(bitLength(power) - 1)
  let wins = 0n
  for (const b of tipset.blocks) wins += b.electionProof?.winCount ?? 0n
  const ofBlocks = ((log2Power * RATIO.num * wins) << 8n) / (BLOCKS_PER_EPOCH * RATIO.denom)
  return tipset.first.parentWeight + (log2Power << 8n) + ofBlocks
}
