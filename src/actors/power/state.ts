import type { Codec } from '../../codec/codec.ts'
import { as, optional, type Shape, tuple } from '../../codec/combinators.ts'
import { bytes, int64, safeInt, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { epoch, storagePower, tokenAmount } from '../../types/scalars.ts'
import { filterEstimate } from '../smoothing.ts'

/** A miner's share of the network's power, in bytes. */
export const powerClaim = tuple('Claim', {
  windowPoStProofType: safeInt,
  rawBytePower: storagePower,
  qualityAdjPower: storagePower,
})
export type PowerClaim = Readonly<Shape<typeof powerClaim.fields>>

/** A call that the power actor makes to a miner at an epoch. */
export const cronEvent = tuple('CronEvent', { minerAddr: address, callbackPayload: bytes })
export type CronEvent = Readonly<Shape<typeof cronEvent.fields>>

const totals = {
  totalRawBytePower: storagePower,
  /** Includes miners below the minimum. */
  totalBytesCommitted: storagePower,
  totalQualityAdjPower: storagePower,
  totalQaBytesCommitted: as('TotalQABytesCommitted', storagePower),
  /** attoFIL */
  totalPledgeCollateral: tokenAmount,
  thisEpochRawBytePower: storagePower,
  thisEpochQualityAdjPower: storagePower,
  thisEpochPledgeCollateral: tokenAmount,
  thisEpochQaPowerSmoothed: as('ThisEpochQAPowerSmoothed', filterEstimate),
  minerCount: int64,
  minerAboveMinPowerCount: int64,
}
const queues = {
  /** HAMT (width 6) by epoch of AMTs (width 6) of cron events. */
  cronEventQueue: cid,
  firstCronEpoch: epoch,
  /** HAMT of claims by miner. */
  claims: cid,
  proofValidationBatch: optional(cid),
}
/** FIP-0081: the change of the pledge's formula is spread over these epochs. */
const ramp = { rampStartEpoch: int64, rampDurationEpochs: uint64 }

const v8 = tuple('PowerState', { ...totals, ...queues })
const v15 = tuple('PowerState', { ...totals, ...ramp, ...queues })

/** The ramp's fields are undefined before actors v15. */
export type PowerState = Readonly<Shape<typeof v8.fields>> & Partial<Readonly<Shape<typeof ramp>>>

/** go-state-types builtin/v8 and v15 power_state.go. */
export function powerState(version: number): Codec<PowerState> {
  return (version >= 15 ? v15 : v8) as Codec<PowerState>
}
