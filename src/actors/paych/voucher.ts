import { type Codec, encode } from '../../codec/codec.ts'
import { optional, type Shape, tuple } from '../../codec/combinators.ts'
import { goList } from '../../codec/go-forms.ts'
import { bytes, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { epoch, tokenAmount } from '../../types/scalars.ts'
import { signature } from '../../types/signature.ts'

/** A method that must succeed before the voucher is redeemed. */
export const modVerifyParams = tuple('ModVerifyParams', { actor: address, method: uint64, data: bytes })

export const merge = tuple('Merge', { lane: uint64, nonce: uint64 })

export const signedVoucher = tuple('SignedVoucher', {
  channelAddr: address,
  /** Epochs between which the voucher can be redeemed; 0 for no bound. */
  timeLockMin: epoch,
  timeLockMax: epoch,
  /** blake2b-256 of the secret to be shown, or empty. */
  secretHash: bytes,
  extra: optional(modVerifyParams),
  lane: uint64,
  nonce: uint64,
  /** attoFIL that the lane has paid in all. */
  amount: tokenAmount,
  minSettleHeight: epoch,
  merges: goList(merge),
  signature: optional(signature),
})
export type SignedVoucher = Readonly<Shape<typeof signedVoucher.fields>>

/** The bytes that the voucher's signer signs: the voucher without its signature. */
export function voucherSigningBytes(voucher: SignedVoucher): Uint8Array {
  return encode(signedVoucher as Codec<SignedVoucher>, { ...voucher, signature: null })
}
