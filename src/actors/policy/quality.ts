/** Arithmetic of the protocol that is the same for every network; exact integers throughout. */
import type { ChainEpoch, StoragePower } from '../../types/scalars.ts'

/** Bits after the point of a sector's quality. */
const QUALITY_PRECISION = 20n
const QUALITY_BASE = 10n
/** Space of verified deals counts ten times. */
const VERIFIED_DEAL_WEIGHT = 100n

/**
 * Quality-adjusted bytes of a sector: space-time of verified deals counts tenfold (go-state-types miner/policy.go).
 * @param size bytes
 * @param duration epochs, at least 1
 * @param verifiedWeight byte-epochs of verified deals
 */
export function qaPowerForWeight(size: bigint, duration: ChainEpoch, verifiedWeight: bigint): StoragePower {
  const spaceTime = size * BigInt(duration)
  if (spaceTime === 0n) return 0n
  const weighted = (spaceTime - verifiedWeight) * QUALITY_BASE + verifiedWeight * VERIFIED_DEAL_WEIGHT
  const quality = (weighted << QUALITY_PRECISION) / spaceTime / QUALITY_BASE
  return (size * quality) >> QUALITY_PRECISION
}

/** The most that a sector of this size can count. */
export function qaPowerMax(size: bigint): StoragePower {
  return (size * VERIFIED_DEAL_WEIGHT) / QUALITY_BASE
}
