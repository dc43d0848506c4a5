import { CodecError } from '../codec/errors.ts'
import { CID } from './cid.ts'

/** Multicodecs and multihashes of commitments (multicodec table: fil-commitment-*). */
export const FIL_COMMITMENT_UNSEALED = 0xf101
export const FIL_COMMITMENT_SEALED = 0xf102
const SHA2_256_TRUNC254_PADDED = 0x1012

// Version 1, codec 0xf101, hash 0x1012, length 32, each as a varint.
const UNSEALED_PREFIX = Uint8Array.of(0x01, 0x81, 0xe2, 0x03, 0x92, 0x20, 0x20)

/** The CID of a piece's or a sector's data commitment (CommP, CommD; 32 bytes). @throws CodecError CODEC_VALUE */
export function commitmentToCid(commitment: Uint8Array): CID {
  if (commitment.length !== 32) throw new CodecError('CODEC_VALUE', `a commitment has 32 bytes, not ${commitment.length}`)
  const bytes = new Uint8Array(UNSEALED_PREFIX.length + 32)
  bytes.set(UNSEALED_PREFIX)
  bytes.set(commitment, UNSEALED_PREFIX.length)
  return CID.decode(bytes)
}

/** The 32 bytes of a data commitment's CID. @throws CodecError CODEC_VALUE for a CID of another kind */
export function pieceCommitmentOf(cid: CID): Uint8Array {
  if (
    cid.code !== FIL_COMMITMENT_UNSEALED ||
    cid.multihash.code !== SHA2_256_TRUNC254_PADDED ||
    cid.multihash.digest.length !== 32
  ) {
    throw new CodecError('CODEC_VALUE', `${cid} is not the CID of a piece`)
  }
  return cid.multihash.digest
}
