/** Deals of the storage market: the proposal as client and provider agree on it, and what the chain knows of its course. */
import { type Codec, encode } from '../../codec/codec.ts'
import { type Shape, tuple } from '../../codec/combinators.ts'
import { CodecError } from '../../codec/errors.ts'
import { jsonFail, jsonKind } from '../../codec/json.ts'
import { bool, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { type CID, cid, cidOf } from '../../types/cid.ts'
import { epoch, sectorNumber, type TokenAmount, tokenAmount } from '../../types/scalars.ts'
import { signature } from '../../types/signature.ts'

/** Longest label, in bytes (builtin-actors market policy DEAL_MAX_LABEL_SIZE). */
export const MAX_LABEL_BYTES = 256

/** Text, or bytes that need not be text (FIP-0027). */
export type DealLabel = string | Uint8Array

/** A text or byte string in CBOR. In JSON Lotus prints bytes as "" and reads text only. */
export const dealLabel: Codec<DealLabel> = {
  name: 'DealLabel',
  write(w, v) {
    if (typeof v === 'string') w.text(v)
    else w.bytes(v)
  },
  read: (r) => (r.peekMajor() === 3 ? r.text() : r.bytes()),
  toJson: (v) => (typeof v === 'string' ? v : ''),
  fromJson(json, path) {
    if (json === undefined) return ''
    if (typeof json !== 'string') return jsonFail(path, `expected a label as text, found ${jsonKind(json)}`)
    if (Buffer.byteLength(json) > MAX_LABEL_BYTES) return jsonFail(path, `a label may have at most ${MAX_LABEL_BYTES} bytes`)
    return json
  },
  schema: { title: 'deal label', type: 'string' },
}

export const dealProposal = tuple('DealProposal', {
  pieceCID: cid,
  /** Bytes of the padded piece: a power of two. */
  pieceSize: uint64,
  verifiedDeal: bool,
  client: address,
  provider: address,
  label: dealLabel,
  startEpoch: epoch,
  endEpoch: epoch,
  /** attoFIL. */
  storagePricePerEpoch: tokenAmount,
  providerCollateral: tokenAmount,
  clientCollateral: tokenAmount,
})
export type DealProposal = Readonly<Shape<typeof dealProposal.fields>>

export const clientDealProposal = tuple('ClientDealProposal', { proposal: dealProposal, clientSignature: signature })
export type ClientDealProposal = Readonly<Shape<typeof clientDealProposal.fields>>

/** Course of a deal up to actors v8. */
export const dealStateV8 = tuple('DealState', { sectorStartEpoch: epoch, lastUpdatedEpoch: epoch, slashEpoch: epoch })
/** Actors v9 to v12: with the verified registry's claim, 0 for none. */
export const dealStateV9 = tuple('DealState', { ...dealStateV8.fields, verifiedClaim: uint64 })
/** From actors v13 on (FIP-0074): with the sector, without the claim. */
export const dealStateV13 = tuple('DealState', { sectorNumber, ...dealStateV8.fields })

/** What every version tells of an activated deal; also Lotus's api.MarketDealState. */
export const dealState = tuple('MarketDealState', {
  /** 0 where the version does not store it. */
  sectorNumber,
  /** -1 while the deal is in no proven sector. */
  sectorStartEpoch: epoch,
  /** -1 while no payment has been settled. */
  lastUpdatedEpoch: epoch,
  /** -1 while the deal has not been terminated early. */
  slashEpoch: epoch,
})
export type DealState = Readonly<Shape<typeof dealState.fields>>

/** The state of a deal that has been published but not activated (Lotus market.EmptyDealState). */
export const emptyDealState: DealState = { sectorNumber: 0n, sectorStartEpoch: -1, lastUpdatedEpoch: -1, slashEpoch: -1 }

/** The CID by which a pending proposal is known. */
export function dealProposalCid(proposal: DealProposal): CID {
  return cidOf(encode(dealProposal, proposal))
}

/** attoFIL over the deal's whole term. */
export function totalStorageFee(p: DealProposal): TokenAmount {
  return p.storagePricePerEpoch * BigInt(p.endEpoch - p.startEpoch)
}

/** attoFIL that the client must have in escrow. */
export function clientBalanceRequirement(p: DealProposal): TokenAmount {
  return p.clientCollateral + totalStorageFee(p)
}

/** attoFIL that the provider must have in escrow. */
export function providerBalanceRequirement(p: DealProposal): TokenAmount {
  return p.providerCollateral
}

/** @throws CodecError CODEC_VALUE when the text is longer than a label may be */
export function labelFromText(text: string): DealLabel {
  if (Buffer.byteLength(text) > MAX_LABEL_BYTES)
    throw new CodecError('CODEC_VALUE', `a label may have at most ${MAX_LABEL_BYTES} bytes`)
  return text
}
