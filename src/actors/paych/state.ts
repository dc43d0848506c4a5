import { type Shape, tuple } from '../../codec/combinators.ts'
import { bigInt, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { epoch, tokenAmount } from '../../types/scalars.ts'

/** The same from v8 to v18. */
export const paychState = tuple('paych.State', {
  from: address,
  to: address,
  /** attoFIL that `collect` pays out. */
  toSend: tokenAmount,
  /** 0 while nobody has asked to settle. */
  settlingAt: epoch,
  minSettleHeight: epoch,
  /** AMT of lane states. */
  laneStates: cid,
})
export type PaychState = Shape<typeof paychState.fields>

export const laneState = tuple('LaneState', { redeemed: bigInt, nonce: uint64 })
export type LaneState = Readonly<Shape<typeof laneState.fields>>
