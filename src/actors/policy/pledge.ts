import { maxBigInt, minBigInt } from '../../lib/integer.ts'
import { type ChainEpoch, FIL, type StoragePower, type TokenAmount } from '../../types/scalars.ts'
import type { PowerView } from '../power/view.ts'
import type { RewardView } from '../reward/view.ts'
import type { FilterEstimate } from '../smoothing.ts'
import { estimate, extrapolatedCumSumOfRatio, toWhole } from './fixed-point.ts'
import { EPOCHS_IN_DAY } from './miner.ts'

/** Days of expected reward that a pre-commitment's deposit and the storage part of a pledge are worth. */
const PROJECTION_PERIOD = 20 * EPOCHS_IN_DAY
/** 1 FIL for 32 GiB, rounded down by byte. */
const PLEDGE_MAX_PER_BYTE = FIL / (32n << 30n)
/** 3/10 of the circulating supply. */
const LOCK_TARGET = { num: 3n, denom: 10n }
/** FIP-0081: 30 percent of the consensus pledge come from the simple formula once the ramp is over. */
const RAMP_FULL_PERMILLE = 300n

/** attoFIL that power is expected to earn in `duration` epochs (BR(t) of the specification). */
export function expectedRewardForPower(
  reward: FilterEstimate,
  networkQaPower: FilterEstimate,
  qaPower: StoragePower,
  duration: ChainEpoch,
): TokenAmount {
  if (estimate(networkQaPower) === 0n) return estimate(reward)
  return maxBigInt(0n, toWhole(qaPower * extrapolatedCumSumOfRatio(duration, 0, reward, networkQaPower)))
}

function clamped(reward: FilterEstimate, networkQaPower: FilterEstimate, qaPower: StoragePower): TokenAmount {
  return maxBigInt(1n, expectedRewardForPower(reward, networkQaPower, qaPower, PROJECTION_PERIOD))
}

/** attoFIL to deposit for pre-committing a sector of this power (go-state-types miner/monies.go). */
export function preCommitDepositForPower(
  reward: FilterEstimate,
  networkQaPower: FilterEstimate,
  qaPower: StoragePower,
): TokenAmount {
  return clamped(reward, networkQaPower, qaPower)
}

/** How far the ramp of FIP-0081 has come: epochs since its start (may be negative) and its length. */
export interface PledgeRamp {
  readonly epochsSinceStart: bigint
  readonly durationEpochs: bigint
}

export interface PledgeInputs {
  readonly baselinePower: StoragePower
  readonly reward: FilterEstimate
  readonly networkQaPower: FilterEstimate
  readonly circulatingSupply: TokenAmount
  /** Undefined before actors v15, where the whole consensus pledge follows the baseline. */
  readonly ramp: PledgeRamp | undefined
}

function rampPermille(ramp: PledgeRamp | undefined): bigint {
  if (ramp === undefined || ramp.epochsSinceStart < 0n) return 0n
  if (ramp.durationEpochs === 0n || ramp.epochsSinceStart >= ramp.durationEpochs) return RAMP_FULL_PERMILLE
  return (ramp.epochsSinceStart * RAMP_FULL_PERMILLE) / ramp.durationEpochs
}

/**
 * attoFIL to pledge for power: twenty days of expected reward, and a share of the circulating supply
 * (go-state-types miner/monies.go; FIP-0081).
 */
export function initialPledgeForPower(qaPower: StoragePower, i: PledgeInputs): TokenAmount {
  const storagePledge = clamped(i.reward, i.networkQaPower, qaPower)
  const network = estimate(i.networkQaPower)
  const simplePermille = rampPermille(i.ramp)
  const share = LOCK_TARGET.num * i.circulatingSupply * qaPower
  const part = (permille: bigint, power: bigint): bigint => (permille * share) / (power * LOCK_TARGET.denom * 1000n)
  const fromBaseline = part(1000n - simplePermille, maxBigInt(maxBigInt(network, i.baselinePower), qaPower))
  const fromNetwork = part(simplePermille, maxBigInt(network, qaPower))
  return minBigInt(storagePledge + fromBaseline + fromNetwork, PLEDGE_MAX_PER_BYTE * qaPower)
}

/** What the formulas take from the state (Lotus pledgeCalculationInputs). `height` is that of the tipset that is asked about. */
export function pledgeInputs(
  power: PowerView,
  reward: RewardView,
  circulatingSupply: TokenAmount,
  height: ChainEpoch,
): PledgeInputs {
  const started = power.rampStartEpoch > 0n
  return {
    baselinePower: reward.thisEpochBaselinePower,
    reward: reward.thisEpochRewardSmoothed,
    networkQaPower: power.totalPowerSmoothed,
    circulatingSupply,
    ramp:
      power.version < 15
        ? undefined
        : {
            epochsSinceStart: started ? BigInt(height) - power.rampStartEpoch : 0n,
            durationEpochs: started ? power.rampDurationEpochs : 0n,
          },
  }
}

/** What Lotus adds to estimates, because the network moves until the message is executed: 10 percent. */
export function withSafetyMargin(amount: TokenAmount): TokenAmount {
  return (amount * 110n) / 100n
}
