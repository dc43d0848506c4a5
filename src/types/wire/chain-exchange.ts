/** Requests for pieces of the chain and their answers: protocol `/fil/chain/xchg/0.0.1` (Lotus chain/exchange). */
import type { CborLimits } from '../../codec/cbor-reader.ts'
import { type Codec, decode } from '../../codec/codec.ts'
import { list, optional, type Shape, tuple } from '../../codec/combinators.ts'
import { safeUint, text, uint64 } from '../../codec/primitives.ts'
import { type BlockHeader, blockHeader } from '../block.ts'
import { cid } from '../cid.ts'
import { type Message, message, type SignedMessage, signedMessage } from '../message.ts'
import { MAX_TIPSET_BLOCKS } from './hello.ts'

export const CHAIN_EXCHANGE_PROTOCOL = '/fil/chain/xchg/0.0.1'

/** Tipsets that one request may ask for: EC's finality. */
export const MAX_EXCHANGE_LENGTH = 900
/** Bytes of a request; a key of 64 CIDs takes under 3 KiB. Source: Forest's caps of 2026. */
export const MAX_EXCHANGE_REQUEST_BYTES = 4096
/** Bytes of an answer: 15 blocks of 8 MiB (Lotus chain/exchange/client.go). */
export const MAX_EXCHANGE_RESPONSE_BYTES = (15 * 8) << 20
/** Messages of one kind in a tipset: 10,000 of each of 15 blocks (Lotus chain/exchange/protocol_encoding.go). */
const MAX_TIPSET_MESSAGES = 150_000
/** Messages of one kind in a block: cbor-gen's limit for lists that name none. */
const MAX_BLOCK_MESSAGES = 8192
const MAX_ERROR_TEXT = 8192

/** Bits of a request's options. */
export const ExchangeOption = { headers: 1n, messages: 2n } as const

export const ExchangeStatus = {
  ok: 0,
  /** Fewer tipsets than asked for, the head among them. No error. */
  partial: 101,
  notFound: 201,
  goAway: 202,
  internalError: 203,
  badRequest: 204,
} as const

/** `head` is the tipset to start from, going back; `length` counts it. */
export const exchangeRequest = tuple('ExchangeRequest', {
  head: list(cid, { max: MAX_TIPSET_BLOCKS }),
  length: uint64,
  options: uint64,
})
export type ExchangeRequest = Readonly<Shape<typeof exchangeRequest.fields>>

/** Indices stay bigint until they have been compared with the list that they point into. */
const includes = list(list(uint64, { max: MAX_BLOCK_MESSAGES }), { max: MAX_TIPSET_BLOCKS })

/** The messages of a tipset, each once, and for each block the indices of those that it holds. */
export const compactedMessages = tuple('CompactedMessages', {
  bls: list(message as Codec<Message>, { max: MAX_TIPSET_MESSAGES }),
  blsIncludes: includes,
  secpk: list(signedMessage as Codec<SignedMessage>, { max: MAX_TIPSET_MESSAGES }),
  secpkIncludes: includes,
})
export type CompactedMessages = Readonly<Shape<typeof compactedMessages.fields>>

/** Blocks are empty where only messages were asked for, messages null where only headers were. */
export const exchangeTipset = tuple('BSTipSet', {
  blocks: list(blockHeader as Codec<BlockHeader>, { max: MAX_TIPSET_BLOCKS }),
  messages: optional(compactedMessages),
})
export type ExchangeTipset = Readonly<Shape<typeof exchangeTipset.fields>>

/** Reads from a copy of its own bytes, so that a header that is kept does not keep the whole answer in memory. */
export const detachedTipset: Codec<ExchangeTipset> = {
  ...exchangeTipset,
  read: (r) => decode(exchangeTipset, r.skip().slice(), r.limits),
}

const errorText: Codec<string> = { ...text, read: (r) => r.text(MAX_ERROR_TEXT) }

export const exchangeResponse = tuple('ExchangeResponse', {
  status: safeUint,
  errorMessage: errorText,
  /** From the head asked for back towards genesis. */
  chain: list(detachedTipset, { max: MAX_EXCHANGE_LENGTH }),
})
export type ExchangeResponse = Readonly<Shape<typeof exchangeResponse.fields>>

/** Byte strings as in Lotus (2 MiB); lists have limits of their own above. */
export const exchangeLimits: CborLimits = { maxBytes: 2 << 20, maxItems: 8192, maxDepth: 16 }
