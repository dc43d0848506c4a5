import { encode } from '../codec/codec.ts'
import { type CID, cidKey } from '../types/cid.ts'
import { chainLength, type SignedMessage, signedMessage, signedMessageCid } from '../types/message.ts'

/** A message with what the pool asks of it again and again. */
export interface PooledMessage {
  readonly signed: SignedMessage
  /** By which the chain knows it. */
  readonly cid: CID
  /** `cidKey` of it. */
  readonly id: string
  /** Bytes of the signed form, and of the form that stands on chain. */
  readonly size: number
  readonly chainLength: number
  /** attoFIL that its gas may cost; the value is not counted (Lotus RequiredFunds). */
  readonly requiredFunds: bigint
}

export function pooled(signed: SignedMessage): PooledMessage {
  const cid = signedMessageCid(signed)
  const { gasFeeCap, gasLimit } = signed.message
  return {
    signed,
    cid,
    id: cidKey(cid),
    size: encode(signedMessage, signed).length,
    chainLength: chainLength(signed),
    requiredFunds: gasFeeCap * gasLimit,
  }
}
