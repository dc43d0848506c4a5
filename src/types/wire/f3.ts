/**
 * What nodes of fast finality tell each other by gossip, CBOR in zstd: votes on the topic `/f3/granite/0.0.3/<name>`, the chains that
 * the votes name by their keys on `/f3/chainexchange/0.0.1/<name>` (go-f3 gpbft/types.go, gpbft/chain.go, chainexchange, internal/encoding).
 */
import { zstdDecompressSync } from 'node:zlib'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { CborWriter } from '../../codec/cbor-writer.ts'
import { type Codec, decode } from '../../codec/codec.ts'
import { list, optional, type Shape, tuple } from '../../codec/combinators.ts'
import { CodecError } from '../../codec/errors.ts'
import { bytesUpTo, fixedBytes, int64, safeInt, uint8, uint64 } from '../../codec/primitives.ts'
import { bitfield } from '../bitfield.ts'
import { cid, cidOf } from '../cid.ts'

/** Bytes of one message of gossip when it is unpacked. */
const MAX_UNPACKED = 1 << 20
/** Tipsets of one chain, its base among them. */
const MAX_CHAIN = 128
/** Bytes of a tipset's key: the CIDs of 20 blocks one after the other. */
const MAX_KEY_BYTES = 20 * 38
const SIGNATURE_BYTES = 96
const DIGEST_BYTES = 32

export const F3Phase = { initial: 0, quality: 1, converge: 2, prepare: 3, commit: 4, decide: 5, terminated: 6 } as const

/** A tipset of the chain, with the table of power that is in force behind it. */
export const f3Tipset = tuple('F3TipSet', {
  epoch: safeInt,
  /** The CIDs of its blocks in order, one after the other. */
  key: bytesUpTo(MAX_KEY_BYTES),
  powerTable: cid,
  commitments: fixedBytes(DIGEST_BYTES),
})
export type F3Tipset = Readonly<Shape<typeof f3Tipset.fields>>

/** A finalised tipset and those proposed on top of it; empty: no decision ("bottom"). */
export const ecChain: Codec<F3Tipset[]> = list(f3Tipset as Codec<F3Tipset>, { max: MAX_CHAIN })

export const f3Payload = tuple('F3Payload', {
  instance: uint64,
  round: uint64,
  phase: uint8,
  supplementalData: tuple('F3SupplementalData', { commitments: fixedBytes(DIGEST_BYTES), powerTable: cid }),
  value: ecChain,
})
export type F3Payload = Readonly<Shape<typeof f3Payload.fields>>

/** A strong quorum's votes of an earlier phase. */
export const f3Justification = tuple('F3Justification', {
  vote: f3Payload,
  /** Places in the table of power. */
  signers: bitfield,
  signature: bytesUpTo(SIGNATURE_BYTES),
})

export const f3Vote = tuple('GMessage', {
  /** Id of the miner actor. */
  sender: uint64,
  vote: f3Payload,
  signature: bytesUpTo(SIGNATURE_BYTES),
  /** Of `converge` alone. */
  ticket: bytesUpTo(SIGNATURE_BYTES),
  justification: optional(f3Justification),
})

/** A vote as it travels: its chains are left out, the key of what is voted for stands in their place. */
export const f3PartialVote = tuple('PartialGMessage', { message: f3Vote, voteValueKey: fixedBytes(DIGEST_BYTES) })
export type F3PartialVote = Readonly<Shape<typeof f3PartialVote.fields>>

/** A chain that its sender votes for. */
export const f3Chain = tuple('F3ChainMessage', {
  instance: uint64,
  chain: ecChain,
  /** Unix milliseconds by the sender's clock. */
  timestamp: int64,
})
export type F3Chain = Readonly<Shape<typeof f3Chain.fields>>

/** @throws CodecError CODEC_CBOR for what is not zstd, unpacks to more than 1 MiB, or is not such a message */
export function readF3Gossip<T>(codec: Codec<T>, data: Uint8Array): T {
  let unpacked: Uint8Array
  try {
    unpacked = zstdDecompressSync(data, { maxOutputLength: MAX_UNPACKED })
  } catch (error) {
    throw new CodecError('CODEC_CBOR', `a message of F3 cannot be unpacked: ${(error as Error).message}`)
  }
  return decode(codec, unpacked)
}

/** The key by which votes name a chain: the root of a Merkle tree over its tipsets; zeros for none (go-f3 gpbft.ECChain.Key). */
export function ecChainKey(chain: readonly F3Tipset[]): Uint8Array {
  if (chain.length === 0) return new Uint8Array(DIGEST_BYTES)
  return treeRoot(32 - Math.clz32(chain.length - 1), chain.map(signedTipset))
}

/** What a participant signs (go-f3 gpbft.Payload.MarshalForSigning). */
export function f3SigningBytes(networkName: string, vote: F3Payload, valueKey: Uint8Array): Uint8Array {
  const numbers = Buffer.alloc(17)
  numbers.writeUInt8(vote.phase, 0)
  numbers.writeBigUInt64BE(vote.round, 1)
  numbers.writeBigUInt64BE(vote.instance, 9)
  const { commitments, powerTable } = vote.supplementalData
  return Buffer.concat([Buffer.from(`GPBFT:${networkName}:`), numbers, commitments, valueKey, powerTable.bytes])
}

function signedTipset(tipset: F3Tipset): Uint8Array {
  const key = new CborWriter()
  key.bytes(tipset.key)
  const epoch = Buffer.alloc(8)
  epoch.writeBigInt64BE(BigInt(tipset.epoch))
  return Buffer.concat([epoch, tipset.commitments, cidOf(key.finish()).bytes, tipset.powerTable.bytes])
}

/** Leaves and inner nodes are told apart by a byte in front; what lacks to a power of two counts as zeros. */
function treeRoot(depth: number, values: readonly Uint8Array[]): Uint8Array {
  if (values.length === 0) return new Uint8Array(DIGEST_BYTES)
  if (depth === 0) return keccak_256(Buffer.concat([Buffer.of(1), values[0] as Uint8Array]))
  const half = 2 ** (depth - 1)
  return keccak_256(
    Buffer.concat([Buffer.of(0), treeRoot(depth - 1, values.slice(0, half)), treeRoot(depth - 1, values.slice(half))]),
  )
}
