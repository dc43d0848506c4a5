import { maxBigInt } from '../../lib/integer.ts'
import { FIL, type StoragePower, type TokenAmount } from '../../types/scalars.ts'

const TOTAL_FIL = 2_000_000_000n * FIL

/** Bounds of a provider's collateral for a deal, attoFIL. */
export interface CollateralBounds {
  readonly min: TokenAmount
  readonly max: TokenAmount
}

/**
 * A share of one percent of the circulating supply, by the piece's part of the network's power
 * (go-state-types market/policy.go, the same in all versions). What Lotus's API answers is this with `withSafetyMargin` on `min`.
 * @param pieceSize padded bytes
 */
export function dealProviderCollateralBounds(
  pieceSize: bigint,
  networkRawPower: StoragePower,
  baselinePower: StoragePower,
  circulatingSupply: TokenAmount,
): CollateralBounds {
  const share = maxBigInt(maxBigInt(networkRawPower, baselinePower), pieceSize)
  return { min: (circulatingSupply * pieceSize) / (100n * share), max: TOTAL_FIL }
}
