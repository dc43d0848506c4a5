import type { MpoolConfig } from '../api/types/mpool.ts'
import { MpoolError } from './errors.ts'
import { REPLACE_BY_FEE_DEFAULT, REPLACE_BY_FEE_MIN } from './limits.ts'

const NS_PER_MS = 1_000_000n

export const defaultMpoolConfig: MpoolConfig = {
  priorityAddrs: [],
  sizeLimitHigh: 30_000,
  sizeLimitLow: 20_000,
  replaceByFeeRatio: REPLACE_BY_FEE_DEFAULT,
  pruneCooldown: 60_000n * NS_PER_MS,
  gasLimitOverestimation: 1.25,
}

/** @throws MpoolError MPOOL_CONFIG */
export function checkMpoolConfig(config: MpoolConfig): void {
  const bad = (why: string): never => {
    throw new MpoolError('MPOOL_CONFIG', why)
  }
  if (config.replaceByFeeRatio < REPLACE_BY_FEE_MIN)
    bad(
      `'ReplaceByFeeRatio' is less than required ${Number(config.replaceByFeeRatio) / 100} < ${Number(REPLACE_BY_FEE_MIN) / 100}`,
    )
  if (!(config.gasLimitOverestimation >= 1)) bad("'GasLimitOverestimation' cannot be less than 1")
  if (config.sizeLimitLow < 0 || config.sizeLimitHigh < config.sizeLimitLow)
    bad("'SizeLimitLow' cannot be negative or more than 'SizeLimitHigh'")
  if (config.pruneCooldown < 0n) bad("'PruneCooldown' cannot be negative")
}

/** Milliseconds between two prunes. */
export function pruneCooldownMs(config: MpoolConfig): number {
  return Number(config.pruneCooldown / NS_PER_MS)
}
