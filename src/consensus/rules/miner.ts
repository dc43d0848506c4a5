import { ActorError } from '../../actors/errors.ts'
import { MinerView } from '../../actors/miner/view.ts'
import { PowerView } from '../../actors/power/view.ts'
import type { StateTree } from '../../actors/state-tree.ts'
import { POWER_ACTOR } from '../../actors/well-known.ts'
import { Lru } from '../../lib/lru.ts'
import { StateError } from '../../state/errors.ts'
import type { StateManager } from '../../state/state-manager.ts'
import { type Address, Protocol } from '../../types/address.ts'
import type { BitField } from '../../types/bitfield.ts'
import { cidKey } from '../../types/cid.ts'
import type { Tipset } from '../../types/tipset.ts'
import { BlockError } from '../errors.ts'
import type { Lookback } from './lookback.ts'

export function powerIn(state: StateManager, tree: StateTree): PowerView {
  return PowerView.load(state.store, state.registry, state.requireActor(tree, POWER_ACTOR))
}

/** Powers kept as read: the rules ask a few states again and again, that of the lookback for thousands of blocks on a young chain. */
const KEPT_POWERS = 16
const keptPowers = new WeakMap<StateManager, Lru<string, PowerView>>()

/** Power in the state that a tipset started from. */
export function powerBefore(state: StateManager, tipset: Tipset): PowerView {
  let known = keptPowers.get(state)
  if (known === undefined) {
    known = new Lru(KEPT_POWERS)
    keptPowers.set(state, known)
  }
  const key = cidKey(tipset.parentStateRoot)
  let found = known.get(key)
  if (found === undefined) {
    found = powerIn(state, state.parentState(tipset))
    known.set(key, found)
  }
  return found
}

/**
 * The miner has a claim in the state before the parents. Lotus asks twice, as `minerIsValid` and `GetMinerSlashed`
 * (filcns/filecoin.go, stmgr/actors.go): a slashed miner loses its claim.
 * @throws BlockError BLOCK_MINER_UNKNOWN
 */
export function checkMinerClaim(state: StateManager, miner: Address, base: Tipset): void {
  if (powerBefore(state, base).claim(miner) !== undefined) return
  throw new BlockError('BLOCK_MINER_UNKNOWN', `${miner} has no claim to power`, { fields: { miner: miner.toString() } })
}

/**
 * Whether a miner may mine on `base`: enough power in the state *before* the lookback tipset; and from nv4 on power of its own,
 * no fee debt and no recent consensus fault in the state before the base (Lotus stmgr/actors.go, MinerEligibleToMine).
 */
export function isEligible(state: StateManager, miner: Address, base: Tipset, lookback: Tipset): boolean {
  const enough = powerBefore(state, lookback).meetsMinimum(miner, state.network.consensusMinerMinPower)
  if (enough !== true) return false
  if (state.networkVersion(base.height) <= 3) return true
  const claim = powerBefore(state, base).claim(miner)
  if (claim === undefined || claim.qualityAdjPower <= 0n) return false
  const view = MinerView.load(state.store, state.registry, state.requireActor(state.parentState(base), miner))
  return view.feeDebt === 0n && base.height > view.info().consensusFaultElapsed
}

/** @throws BlockError BLOCK_MINER_INELIGIBLE */
export function checkEligible(state: StateManager, miner: Address, base: Tipset, lookback: Tipset): void {
  if (isEligible(state, miner, base, lookback)) return
  throw new BlockError('BLOCK_MINER_INELIGIBLE', `${miner} may not mine: too little power, fee debt or a consensus fault`, {
    fields: { miner: miner.toString() },
  })
}

/** The miner as the lookback state has it. */
export interface LookbackMiner {
  readonly tree: StateTree
  readonly view: MinerView
  /** The worker's key. */
  readonly worker: Address
  /** Read when first asked for, as `active`. */
  power(): PowerView
  /** Sectors that are proven and not faulty; read when first asked for. */
  active(): BitField
}

/** Miners kept as found: a block is judged twice, in gossip and with its messages, and a young chain looks back to its genesis. */
const KEPT_MINERS = 64
const kept = new WeakMap<StateManager, Lru<string, LookbackMiner>>()

/**
 * The worker's key in the lookback state (Lotus stmgr GetMinerWorkerRaw). Worker keys are BLS keys: nothing else makes the VRFs.
 * @throws BlockError BLOCK_WORKER
 */
export function lookbackMiner(state: StateManager, miner: Address, lookback: Lookback): LookbackMiner {
  let known = kept.get(state)
  if (known === undefined) {
    known = new Lru(KEPT_MINERS)
    kept.set(state, known)
  }
  const key = cidKey(lookback.stateRoot) + miner.key
  let found = known.get(key)
  if (found === undefined) {
    found = readMiner(state, miner, lookback)
    known.set(key, found)
  }
  return found
}

function readMiner(state: StateManager, miner: Address, lookback: Lookback): LookbackMiner {
  const refuse: (why: string, cause?: unknown) => never = (why, cause) => {
    throw new BlockError('BLOCK_WORKER', `${miner} ${why} at the lookback`, { cause, fields: { miner: miner.toString() } })
  }
  const tree = state.stateTree(lookback.stateRoot)
  const actor = tree.getActor(miner)
  if (actor === undefined) refuse('did not exist')
  try {
    const view = MinerView.load(state.store, state.registry, actor)
    const worker = state.accountKey(tree, view.info().worker)
    if (worker.protocol !== Protocol.bls) refuse('had a worker without a BLS key')
    let active: BitField | undefined
    let power: PowerView | undefined
    return {
      tree,
      view,
      worker,
      power() {
        power ??= powerIn(state, tree)
        return power
      },
      active() {
        active ??= activeSectors(view)
        return active
      },
    }
  } catch (cause) {
    const noMiner = cause instanceof ActorError && cause.code === 'ACTOR_KIND'
    const noWorker = cause instanceof StateError && cause.code === 'STATE_ACTOR_NOT_FOUND'
    if (noMiner || noWorker) refuse('was no miner with a worker', cause)
    throw cause
  }
}

/** The sectors that winning PoSts are asked about. */
export function activeSectors(view: MinerView): BitField {
  return view.unionOfPartitions((p) => p.active)
}
