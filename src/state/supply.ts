import type { ActorRegistry } from '../actors/manifest.ts'
import { MarketView } from '../actors/market/view.ts'
import { MinerView } from '../actors/miner/view.ts'
import { MultisigView } from '../actors/multisig/view.ts'
import { PowerView } from '../actors/power/view.ts'
import { RewardView } from '../actors/reward/view.ts'
import type { Actor, StateTree } from '../actors/state-tree.ts'
import {
  BURNT_FUNDS_ACTOR,
  CRON_ACTOR,
  DATACAP_ACTOR,
  EAM_ACTOR,
  INIT_ACTOR,
  MARKET_ACTOR,
  POWER_ACTOR,
  REWARD_ACTOR,
  SYSTEM_ACTOR,
  VERIFREG_ACTOR,
} from '../actors/well-known.ts'
import { maxBigInt, minBigInt } from '../lib/integer.ts'
import { totalFil } from '../networks/constants.ts'
import { networkVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import type { BlockReader } from '../store/blockstore.ts'
import { Address } from '../types/address.ts'
import type { ChainEpoch, TokenAmount } from '../types/scalars.ts'
import { StateError } from './errors.ts'
import { vestedByHeight } from './vesting.ts'
import { RESERVE_ACTOR, SAFT_ACTOR } from './well-known.ts'

export interface CirculatingSupply {
  readonly filVested: TokenAmount
  readonly filMined: TokenAmount
  readonly filBurnt: TokenAmount
  readonly filLocked: TokenAmount
  readonly filCirculating: TokenAmount
  readonly filReserveDisbursed: TokenAmount
}

export interface SupplyComponents {
  readonly network: Network
  readonly store: BlockReader
  readonly registry: ActorRegistry
  /** The pledge locked in the genesis state: counts as vested up to Assembly (nv4). */
  genesisPledge(): TokenAmount
}

function required(tree: StateTree, address: Address): Actor {
  const actor = tree.getActor(address)
  if (actor === undefined) throw new StateError('STATE_ACTOR_NOT_FOUND', `actor ${address} is not in the state`)
  return actor
}

/** What the power actor counts as locked in pledges and deposits. */
export function powerLocked(store: BlockReader, registry: ActorRegistry, tree: StateTree): TokenAmount {
  return PowerView.load(store, registry, required(tree, POWER_ACTOR)).totalLocked
}

/**
 * The supply that the FVM is told: fast, from totals (Lotus chain/stmgr/supply.go, GetVMCirculatingSupplyDetailed).
 * Consensus: it moves pledges.
 */
export function vmCirculatingSupply(c: SupplyComponents, height: ChainEpoch, tree: StateTree): CirculatingSupply {
  const nv = networkVersion(c.network, height)
  let filVested = vestedByHeight(c.network, height)
  if (height <= c.network.upgrades.assembly) filVested += c.genesisPledge()
  let filReserveDisbursed = 0n
  if (height > c.network.upgrades.assembly) {
    const initial = nv >= 25 ? c.network.teepInitialFilReserved : c.network.initialFilReserved
    filReserveDisbursed = initial - required(tree, RESERVE_ACTOR).balance
  }
  const filMined = RewardView.load(c.store, c.registry, required(tree, REWARD_ACTOR)).totalStoragePowerReward
  const filBurnt = required(tree, BURNT_FUNDS_ACTOR).balance
  let filLocked = powerLocked(c.store, c.registry, tree)
  // FIP-0093's network version: from nv23 on, market escrow counts as circulating.
  if (nv < 23) filLocked += marketLocked(c, required(tree, MARKET_ACTOR))
  const filCirculating = maxBigInt(0n, filVested + filMined + filReserveDisbursed - filBurnt - filLocked)
  return { filVested, filMined, filBurnt, filLocked, filCirculating, filReserveDisbursed }
}

function marketLocked(c: SupplyComponents, actor: Actor): TokenAmount {
  return MarketView.load(c.store, c.registry, actor).totalLocked
}

const neverCirculating = new Set(
  [
    INIT_ACTOR,
    REWARD_ACTOR,
    VERIFREG_ACTOR,
    POWER_ACTOR,
    SYSTEM_ACTOR,
    CRON_ACTOR,
    BURNT_FUNDS_ACTOR,
    SAFT_ACTOR,
    RESERVE_ACTOR,
    EAM_ACTOR,
    DATACAP_ACTOR,
  ].map((a) => a.key),
)

/**
 * The supply as it truly is, by looking at every actor (Lotus GetCirculatingSupply, StateCirculatingSupply).
 * @throws StateError STATE_SUPPLY when the sum over all actors is not 2e9 FIL
 */
export function circulatingSupply(c: SupplyComponents, height: ChainEpoch, tree: StateTree): TokenAmount {
  const nv = networkVersion(c.network, height)
  let circulating = 0n
  let rest = 0n
  for (const [id, actor] of tree.actors()) {
    if (actor.balance === 0n) continue
    const address = Address.fromId(id)
    if (neverCirculating.has(address.key)) {
      rest += actor.balance
      continue
    }
    const free = circulatingPart(c, nv, height, address, actor)
    circulating += free
    rest += actor.balance - free
  }
  if (circulating + rest !== totalFil) {
    throw new StateError('STATE_SUPPLY', `the balances of all actors add up to ${circulating + rest} attoFIL, not ${totalFil}`)
  }
  return circulating
}

function circulatingPart(c: SupplyComponents, nv: number, height: ChainEpoch, address: Address, actor: Actor): TokenAmount {
  if (address.equals(MARKET_ACTOR)) return nv >= 23 ? actor.balance : actor.balance - marketLocked(c, actor)
  const kind = c.registry.kindOf(actor.code)
  switch (kind) {
    case 'account':
    case 'paymentchannel':
    case 'ethaccount':
    case 'evm':
    case 'placeholder':
      return actor.balance
    case 'storageminer': {
      const miner = MinerView.load(c.store, c.registry, actor)
      // A miner that owes more than it has ("broken") circulates nothing; a negative answer stands for it.
      const available = miner.availableBalance(actor.balance)
      return available === undefined ? 0n : available
    }
    case 'multisig': {
      const locked = MultisigView.load(c.store, c.registry, actor).lockedBalance(height)
      return actor.balance - minBigInt(actor.balance, locked)
    }
    default:
      throw new StateError('STATE_SUPPLY', `actor ${address} has unknown code ${actor.code}`)
  }
}
