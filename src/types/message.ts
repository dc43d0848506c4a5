import { type Codec, encode } from '../codec/codec.ts'
import { type Shape, tuple } from '../codec/combinators.ts'
import type { Json, JsonContext } from '../codec/json.ts'
import { bytes, uint64 } from '../codec/primitives.ts'
import { address } from './address.ts'
import { type CID, cidOf } from './cid.ts'
import { gas, tokenAmount } from './scalars.ts'
import { SignatureType, signature } from './signature.ts'

const messageFields = {
  version: uint64,
  to: address,
  from: address,
  nonce: uint64,
  value: tokenAmount,
  /** Units of gas. */
  gasLimit: gas,
  /** attoFIL per unit of gas. */
  gasFeeCap: tokenAmount,
  gasPremium: tokenAmount,
  method: uint64,
  /** CBOR of the method's parameters, or empty. */
  params: bytes,
}
const bareMessage = tuple('Message', messageFields)

/** An unsigned chain message (Lotus chain/types/message.go). */
export type Message = Readonly<Shape<typeof messageFields>>

/** JSON carries the CID beside the fields; it is ignored when read. */
export const message: Codec<Message> = {
  ...bareMessage,
  toJson: (v, ctx) => ({ ...(bareMessage.toJson(v, ctx) as { [k: string]: Json }), CID: cidJson(messageCid(v)) }),
}

const bareSigned = tuple('SignedMessage', { message: bareMessage as Codec<Message>, signature })
export type SignedMessage = Readonly<Shape<typeof bareSigned.fields>>

export const signedMessage: Codec<SignedMessage> = {
  ...bareSigned,
  toJson: (v, ctx: JsonContext) => ({
    Message: message.toJson(v.message, ctx),
    Signature: signature.toJson(v.signature, ctx),
    CID: cidJson(signedMessageCid(v)),
  }),
}

function cidJson(c: CID): Json {
  return { '/': c.toString() }
}

/** The CID of an unsigned message: what BLS messages are known by, and what every key signs. */
export function messageCid(m: Message): CID {
  return cidOf(encode(bareMessage, m))
}

/**
 * The CID by which a signed message is known on chain: a BLS message by its unsigned form, because its signature
 * is folded into the block's aggregate; all others by the signed form.
 */
export function signedMessageCid(m: SignedMessage): CID {
  return m.signature.type === SignatureType.bls ? messageCid(m.message) : cidOf(encode(bareSigned, m))
}

/** Bytes that a message takes on chain: the signed form for secp256k1 and delegated ones, the unsigned for BLS. */
export function chainLength(m: Message | SignedMessage): number {
  if (!('signature' in m)) return encode(bareMessage, m).length
  return m.signature.type === SignatureType.bls ? encode(bareMessage, m.message).length : encode(bareSigned, m).length
}
