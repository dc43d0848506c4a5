import { decode, encode } from '../codec/codec.ts'
import { type CID, cidKey } from '../types/cid.ts'
import { chainLength, type SignedMessage, signedMessage, signedMessageCid } from '../types/message.ts'

/** A message with what the pool asks of it again and again. */
export interface PooledMessage {
  readonly signed: SignedMessage
  /** By which the chain knows it. */
  readonly cid: CID
  /** `cidKey` of it. */
  readonly id: string
  /** The signed form in CBOR. */
  readonly bytes: Uint8Array
  /** Bytes of the form that stands on chain. */
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
    bytes: encode(signedMessage, signed),
    chainLength: chainLength(signed),
    requiredFunds: gasFeeCap * gasLimit,
  }
}

/** Messages in one buffer, for another thread: their CBOR one after the other, and the length of each. */
export interface PackedMessages {
  readonly data: Uint8Array
  readonly lengths: readonly number[]
}

export function pack(messages: readonly PooledMessage[]): PackedMessages {
  return { data: Buffer.concat(messages.map((m) => m.bytes)), lengths: messages.map((m) => m.bytes.length) }
}

export function unpack({ data, lengths }: PackedMessages): SignedMessage[] {
  let at = 0
  return lengths.map((length) => {
    const start = at
    at += length
    return decode(signedMessage, data.subarray(start, at))
  })
}
