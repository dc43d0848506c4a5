import { maxBigInt, minBigInt } from '../../lib/integer.ts'
import type { ChainEpoch, StoragePower, TokenAmount } from '../../types/scalars.ts'
import type { FilterEstimate } from '../smoothing.ts'
import { EPOCHS_IN_DAY } from './miner.ts'
import { expectedRewardForPower } from './pledge.ts'

/** 3.51 days of expected reward for each proving period that a sector stays faulty. */
const CONTINUED_FAULT_PERIOD = Math.floor((EPOCHS_IN_DAY * 351) / 100)
/** Days after which the termination fee no longer grows. */
const TERMINATION_LIFETIME_CAP = 140

/** attoFIL per day for new sectors: 161817e-30 of the circulating supply for each byte of quality-adjusted power (FIP-0100). */
export function dailyProofFee(circulatingSupply: TokenAmount, qaPower: StoragePower): TokenAmount {
  return (161_817n * qaPower * circulatingSupply) / 10n ** 30n
}

/** attoFIL for a proving period in which a sector stays faulty. */
export function continuedFaultFee(reward: FilterEstimate, networkQaPower: FilterEstimate, qaPower: StoragePower): TokenAmount {
  return expectedRewardForPower(reward, networkQaPower, qaPower, CONTINUED_FAULT_PERIOD)
}

/**
 * attoFIL for ending a sector before its time, from actors v16 on (FIP-0098): 8.5 percent of the pledge, less for a sector younger
 * than 140 days, at least 2 percent of the pledge and 1.05 times the fault fee.
 */
export function terminationFee(initialPledge: TokenAmount, age: ChainEpoch, faultFee: TokenAmount): TokenAmount {
  const full = (initialPledge * 85n) / 1000n
  const byAge = (BigInt(age) * full) / BigInt(TERMINATION_LIFETIME_CAP * EPOCHS_IN_DAY)
  return maxBigInt(minBigInt(full, byAge), maxBigInt((initialPledge * 2n) / 100n, (faultFee * 105n) / 100n))
}
