import { type Shape, tuple } from '../../codec/combinators.ts'
import { bigInt } from '../../codec/primitives.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import { type ChainEpoch, epoch, type StoragePower, storagePower, type TokenAmount, tokenAmount } from '../../types/scalars.ts'
import type { ActorRegistry } from '../manifest.ts'
import { type FilterEstimate, filterEstimate } from '../smoothing.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'

/** The same in all versions from v8 on. */
export const rewardState = tuple('RewardState', {
  /** byte-epochs that `cumsumRealized` has to reach for the effective network time to advance */
  cumsumBaseline: bigInt,
  /** byte-epochs of the network's power, each epoch's capped by the baseline */
  cumsumRealized: bigInt,
  effectiveNetworkTime: epoch,
  effectiveBaselinePower: storagePower,
  /** attoFIL for each win of the epoch */
  thisEpochReward: tokenAmount,
  thisEpochRewardSmoothed: filterEstimate,
  thisEpochBaselinePower: storagePower,
  epoch,
  totalStoragePowerReward: tokenAmount,
  simpleTotal: tokenAmount,
  baselineTotal: tokenAmount,
})
export type RewardState = Readonly<Shape<typeof rewardState.fields>>

/** f02: block rewards. */
export class RewardView {
  readonly state: RewardState
  readonly version: number

  constructor(state: RewardState, version: number) {
    this.state = state
    this.version = version
  }

  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): RewardView {
    const { state, version } = loadActorState(store, registry, actor, 'reward', () => rewardState)
    return new RewardView(state, version)
  }

  get thisEpochReward(): TokenAmount {
    return this.state.thisEpochReward
  }

  get thisEpochRewardSmoothed(): FilterEstimate {
    return this.state.thisEpochRewardSmoothed
  }

  get thisEpochBaselinePower(): StoragePower {
    return this.state.thisEpochBaselinePower
  }

  /** attoFIL paid to miners since genesis. */
  get totalStoragePowerReward(): TokenAmount {
    return this.state.totalStoragePowerReward
  }

  get effectiveBaselinePower(): StoragePower {
    return this.state.effectiveBaselinePower
  }

  get effectiveNetworkTime(): ChainEpoch {
    return this.state.effectiveNetworkTime
  }

  get cumsumBaseline(): bigint {
    return this.state.cumsumBaseline
  }

  get cumsumRealized(): bigint {
    return this.state.cumsumRealized
  }
}
