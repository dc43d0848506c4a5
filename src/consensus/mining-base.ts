import type { SectorOnChainInfo } from '../actors/miner/sector.ts'
import { MinerView } from '../actors/miner/view.ts'
import { StateError } from '../state/errors.ts'
import type { StateManager } from '../state/state-manager.ts'
import type { Address } from '../types/address.ts'
import type { BeaconEntry } from '../types/block.ts'
import { drawingEntry, winningPostRandomness } from '../types/draws.ts'
import type { ChainEpoch, StoragePower } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import { lookbackOf } from './rules/lookback.ts'
import { activeSectors, isEligible, powerIn } from './rules/miner.ts'
import { challengedSector } from './rules/winning-post.ts'
import { senderKeys } from './sender-keys.ts'

/** What a miner needs to know to try for a block (Lotus api.MiningBaseInfo). */
export interface MiningBase {
  /** Quality-adjusted bytes. */
  readonly minerPower: StoragePower
  readonly networkPower: StoragePower
  /** The sectors that the block's winning PoSt must prove. */
  readonly sectors: readonly SectorOnChainInfo[]
  readonly worker: Address
  /** Bytes. */
  readonly sectorSize: bigint
  readonly previousEntry: BeaconEntry
  readonly beaconEntries: readonly BeaconEntry[]
  readonly eligible: boolean
}

/**
 * What the next block of a miner at `round` on `base` is made with; undefined for a miner that was not there at the lookback or
 * has no sector to prove (Lotus stmgr/actors.go, MinerGetBaseInfo).
 * @param previousEntry the newest entry of the chain below the block
 * @param beaconEntries those that the block will carry (BeaconSchedule.entriesForBlock)
 * @throws StateError STATE_ACTOR_NOT_FOUND for no actor, BlockError BLOCK_LOOKBACK
 */
export function miningBase(
  state: StateManager,
  base: Tipset,
  round: ChainEpoch,
  miner: Address,
  previousEntry: BeaconEntry,
  beaconEntries: readonly BeaconEntry[],
): MiningBase | undefined {
  const lookback = lookbackOf(state, base, round)
  const tree = state.stateTree(lookback.stateRoot)
  const actor = tree.getActor(miner)
  if (actor === undefined) {
    if (state.parentState(base).getActor(miner) !== undefined) return undefined
    throw new StateError('STATE_ACTOR_NOT_FOUND', 'loading miner in current state: actor not found')
  }
  const view = MinerView.load(state.store, state.registry, actor)
  const entry = drawingEntry({ beaconEntries: [...beaconEntries] }, previousEntry)
  const id = state.requireId(tree, miner)
  const sector = challengedSector(view, activeSectors(view), id, winningPostRandomness(entry, round, miner))
  if (sector === undefined) return undefined
  const power = powerIn(state, tree)
  const info = view.info()
  const worker = senderKeys(state, base)(info.worker)
  if (worker === undefined) {
    throw new StateError('STATE_ACTOR_NOT_FOUND', `the worker ${info.worker} of ${miner} has no key`)
  }
  return {
    minerPower: power.claim(id)?.qualityAdjPower ?? 0n,
    networkPower: power.totalPower.qualityAdjPower,
    sectors: [sector],
    worker,
    sectorSize: info.sectorSize,
    previousEntry,
    beaconEntries,
    eligible: isEligible(state, miner, base, lookback.tipset),
  }
}
