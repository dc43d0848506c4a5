import type { BlockReader } from '../../store/blockstore.ts'
import { Address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import type { ActorId, ChainEpoch, StoragePower, TokenAmount } from '../../types/scalars.ts'
import { Amt } from '../amt.ts'
import { Hamt } from '../hamt.ts'
import { addressKey, intKey } from '../keys.ts'
import type { ActorRegistry } from '../manifest.ts'
import type { FilterEstimate } from '../smoothing.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'
import { type CronEvent, cronEvent, type PowerClaim, type PowerState, powerClaim, powerState } from './state.ts'

/** Miners that must reach the minimum before it is enforced (go-state-types power ConsensusMinerMinMiners). */
const CONSENSUS_MIN_MINERS = 4n
const CRON_WIDTH = 6

/** Bytes. */
export interface Power {
  readonly rawBytePower: StoragePower
  readonly qualityAdjPower: StoragePower
}

/** f04: who has how much power. */
export class PowerView {
  readonly version: number
  readonly state: PowerState
  readonly #store: BlockReader

  constructor(store: BlockReader, state: PowerState, version: number) {
    this.#store = store
    this.state = state
    this.version = version
  }

  /** @throws MissingBlockError, ActorError */
  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): PowerView {
    const { state, version } = loadActorState(store, registry, actor, 'storagepower', powerState)
    return new PowerView(store, state, version)
  }

  #claims(): Hamt<PowerClaim, Address> {
    return new Hamt(this.#store, this.state.claims, { value: powerClaim, key: addressKey })
  }

  /** A miner's power, undefined when the address is no miner's. */
  claim(miner: Address | ActorId): PowerClaim | undefined {
    return this.#claims().get(typeof miner === 'bigint' ? Address.fromId(miner) : miner)
  }

  /** All miners' power, in the order of the map. */
  *claims(): Generator<[Address, PowerClaim]> {
    yield* this.#claims().entries()
  }

  /** All miners, in the order of the map (StateListMiners). */
  *miners(): Generator<Address> {
    yield* this.#claims().keys()
  }

  /** Power that counts for consensus: of miners above the minimum. */
  get totalPower(): Power {
    return { rawBytePower: this.state.totalRawBytePower, qualityAdjPower: this.state.totalQualityAdjPower }
  }

  /** Power of all miners. */
  get totalCommitted(): Power {
    return { rawBytePower: this.state.totalBytesCommitted, qualityAdjPower: this.state.totalQaBytesCommitted }
  }

  /** attoFIL of pledge of all miners. */
  get totalLocked(): TokenAmount {
    return this.state.totalPledgeCollateral
  }

  get totalPowerSmoothed(): FilterEstimate {
    return this.state.thisEpochQaPowerSmoothed
  }

  get minerCount(): bigint {
    return this.state.minerCount
  }

  get minerAboveMinPowerCount(): bigint {
    return this.state.minerAboveMinPowerCount
  }

  /** 0 where there is no ramp, and before actors v15. */
  get rampStartEpoch(): bigint {
    return this.state.rampStartEpoch ?? 0n
  }

  get rampDurationEpochs(): bigint {
    return this.state.rampDurationEpochs ?? 0n
  }

  /**
   * Whether a claim may win blocks: at least the network's minimum, or any power at all while fewer than four miners reach it.
   * @param minPower the network's minimum in raw bytes
   */
  claimMeetsMinimum(claim: PowerClaim, minPower: StoragePower): boolean {
    if (claim.rawBytePower >= minPower) return true
    return this.state.minerAboveMinPowerCount < CONSENSUS_MIN_MINERS && claim.rawBytePower > 0n
  }

  /** As `claimMeetsMinimum`; undefined when the address is no miner's (Lotus treats that as an error). */
  meetsMinimum(miner: Address | ActorId, minPower: StoragePower): boolean | undefined {
    const claim = this.claim(miner)
    return claim === undefined ? undefined : this.claimMeetsMinimum(claim, minPower)
  }

  /** Calls that the power actor is to make, by epoch. */
  *cronEvents(): Generator<[ChainEpoch, CronEvent[]]> {
    const queue = new Hamt(this.#store, this.state.cronEventQueue, { bitWidth: CRON_WIDTH, value: cid, key: intKey })
    for (const [epoch, root] of queue.entries())
      yield [Number(epoch), [...new Amt(this.#store, root, { bitWidth: CRON_WIDTH, value: cronEvent }).values()]]
  }
}
