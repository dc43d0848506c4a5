import { FIL, type TokenAmount } from '../types/scalars.ts'

export { finality } from '../types/finality.ts'

/** Numbers that all networks share (build/buildconstants/params_shared_vals.go). */

export const epochsInHour = 120
export const epochsInDay = 2880
export const epochsInYear = 365 * epochsInDay
/** Seconds by which a block may be ahead of our clock. */
export const allowableClockDriftSecs = 1
export const blocksPerEpoch = 5
/** Epochs that must follow a message before it is reported as settled. */
export const messageConfidence = 5
export const weightRatioNum = 1n
export const weightRatioDen = 2n
/** Most messages in a block. */
export const blockMessageLimit = 10_000
export const blockGasLimit = 10_000_000_000n
export const blockGasTarget = blockGasLimit / 2n
/** Cumulative gas at which the premium that steers the base fee is read, from nv28 on. */
export const blockGasTargetIndex = (blockGasLimit * 80n) / 100n - 1n
export const baseFeeMaxChangeDenom = 8n
/** attoFIL per gas. */
export const initialBaseFee: TokenAmount = 100_000_000n
export const minimumBaseFee: TokenAmount = 100n
/** Share of a block's gas limit that messages are counted to fill, before nv28: 4/5. */
export const packingEfficiencyNum = 4n
export const packingEfficiencyDen = 5n
/** Epochs behind the head at which `safe` stands. */
export const safeHeightDistance = 200
export const totalFil: TokenAmount = 2_000_000_000n * FIL
export const initialRewardBalance: TokenAmount = 1_100_000_000n * FIL
export const initialFilReserved: TokenAmount = 300_000_000n * FIL
