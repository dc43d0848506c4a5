import { type Codec, decode, encode } from '../codec/codec.ts'
import { as, list, optional, type Shape, tuple } from '../codec/combinators.ts'
import { bytes, int64, uint64 } from '../codec/primitives.ts'
import { address } from './address.ts'
import { type CID, cid, cidOf } from './cid.ts'
import { epoch, tokenAmount } from './scalars.ts'
import { signature } from './signature.ts'

export const ticket = tuple('Ticket', { vrfProof: as('VRFProof', bytes) })
export const electionProof = tuple('ElectionProof', { winCount: int64, vrfProof: as('VRFProof', bytes) })
export const beaconEntry = tuple('BeaconEntry', { round: uint64, data: bytes })
/** A proof of spacetime with the number of its registered proof type. */
export const postProof = tuple('PoStProof', { postProof: as('PoStProof', int64), proofBytes: bytes })

const headerFields = {
  miner: address,
  ticket: optional(ticket),
  electionProof: optional(electionProof),
  beaconEntries: list(beaconEntry, { emptyJson: 'null' }),
  winPostProof: as('WinPoStProof', list(postProof, { emptyJson: 'null' })),
  parents: list(cid, { emptyJson: 'null' }),
  parentWeight: tokenAmount,
  height: epoch,
  parentStateRoot: cid,
  parentMessageReceipts: cid,
  messages: cid,
  blsAggregate: as('BLSAggregate', optional(signature)),
  /** Unix seconds. */
  timestamp: uint64,
  blockSig: optional(signature),
  forkSignaling: uint64,
  parentBaseFee: tokenAmount,
}

/** A block header (Lotus chain/types/blockheader.go): 16 fields in this order. */
export const blockHeader = tuple('BlockHeader', headerFields)
export type BlockHeader = Readonly<Shape<typeof headerFields>>
export type Ticket = Shape<typeof ticket.fields>
export type ElectionProof = Shape<typeof electionProof.fields>
export type BeaconEntry = Shape<typeof beaconEntry.fields>
export type PostProof = Shape<typeof postProof.fields>

/** The two lists of a block's messages: roots of legacy (v0) AMTs of CIDs. */
export const msgMeta = tuple('MsgMeta', { blsMessages: cid, secpkMessages: cid })
export type MsgMeta = Shape<typeof msgMeta.fields>

/** A block as gossip carries it: the header and the CIDs of its messages. */
export const blockMsg = tuple('BlockMsg', {
  header: blockHeader as Codec<BlockHeader>,
  blsMessages: list(cid, { emptyJson: 'null' }),
  secpkMessages: list(cid, { emptyJson: 'null' }),
})
export type BlockMsg = Shape<typeof blockMsg.fields>

export function blockCid(h: BlockHeader): CID {
  return cidOf(encode(blockHeader, h))
}

/** What the worker key signs: the header without its signature. */
export function blockSigningBytes(h: BlockHeader): Uint8Array {
  return encode(blockHeader, { ...h, blockSig: null })
}

/** @throws CodecError CODEC_CBOR */
export function decodeBlock(bytes: Uint8Array): BlockHeader {
  return decode(blockHeader, bytes)
}
