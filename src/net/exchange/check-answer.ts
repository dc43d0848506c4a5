import { CborReader } from '../../codec/cbor-reader.ts'
import { Tipset, TipsetError, type TipsetKey } from '../../types/tipset.ts'
import {
  type CompactedMessages,
  detachedTipset,
  ExchangeStatus,
  type ExchangeTipset,
  exchangeLimits,
  exchangeResponse,
  MAX_EXCHANGE_LENGTH,
} from '../../types/wire/chain-exchange.ts'
import { NetError } from '../errors.ts'
import { Slice } from '../time-slice.ts'

/** An answer that was read but not yet compared with the question. */
export interface RawAnswer {
  readonly status: number
  readonly chain: readonly ExchangeTipset[]
}

/**
 * Reads an answer tipset by tipset, letting the event loop turn in between: answers may be large.
 * @throws CodecError; NetError NET_REFUSED for a status that is an error
 */
export async function decodeAnswer(bytes: Uint8Array): Promise<RawAnswer> {
  const { fields } = exchangeResponse
  const r = new CborReader(bytes, exchangeLimits)
  r.tuple(3, exchangeResponse.name)
  const status = fields.status.read(r)
  const text = fields.errorMessage.read(r)
  if (status !== ExchangeStatus.ok && status !== ExchangeStatus.partial) {
    throw new NetError('NET_REFUSED', `a peer answered with status ${status}: ${printable(text)}`, { fields: { status } })
  }
  const slice = new Slice('fetching')
  const n = r.array(MAX_EXCHANGE_LENGTH)
  const chain: ExchangeTipset[] = []
  for (let i = 0; i < n; i++) {
    chain.push(detachedTipset.read(r))
    if (slice.isOver) await slice.pause()
  }
  r.end()
  return { status, chain }
}

function printable(text: string): string {
  return text.slice(0, 200).replace(/[^\x20-\x7e]/g, '?')
}

function bad(what: string): never {
  throw new NetError('NET_BAD_ANSWER', `a peer's answer is not what was asked for: ${what}`)
}

/** The number of tipsets must be what was asked for, or less with the status that says so. @throws NetError NET_BAD_ANSWER */
export function checkLength(answer: RawAnswer, asked: number): void {
  const n = answer.chain.length
  if (n === 0) bad('it holds no tipset')
  if (n > asked) bad(`${n} tipsets instead of ${asked}`)
  if (n < asked && answer.status !== ExchangeStatus.partial)
    bad(`${n} tipsets instead of ${asked}, and it does not call itself partial`)
}

/**
 * The headers must form tipsets, the first being the one asked for and each the parent of the one before.
 * @throws NetError NET_BAD_ANSWER
 */
export async function checkHeaders(chain: readonly ExchangeTipset[], head: TipsetKey): Promise<Tipset[]> {
  const out: Tipset[] = []
  const slice = new Slice('fetching')
  let expected = head
  let above = Number.POSITIVE_INFINITY
  for (const element of chain) {
    const tipset = tipsetOf(element)
    if (!tipset.key.equals(expected))
      bad(out.length === 0 ? 'its head is another tipset' : 'its tipsets do not follow each other')
    if (tipset.height >= above) bad('heights do not fall from child to parent')
    above = tipset.height
    expected = tipset.parents
    out.push(tipset)
    if (slice.isOver) await slice.pause()
  }
  return out
}

function tipsetOf(element: ExchangeTipset): Tipset {
  try {
    return Tipset.create(element.blocks)
  } catch (error) {
    if (error instanceof TipsetError) return bad(error.message)
    throw error
  }
}

/**
 * There must be messages, one list of indices per block of the tipset, and each index must point at a message.
 * An index is compared before it becomes a number: Lotus and Venus crashed in 2024 on one that overflowed.
 * @throws NetError NET_BAD_ANSWER
 */
export function checkMessages(element: ExchangeTipset, blocks: number): CompactedMessages {
  const { messages } = element
  if (messages === null) return bad('a tipset comes without its messages')
  checkIncludes(messages.blsIncludes, messages.bls.length, blocks)
  checkIncludes(messages.secpkIncludes, messages.secpk.length, blocks)
  return messages
}

function checkIncludes(includes: readonly (readonly bigint[])[], messages: number, blocks: number): void {
  if (includes.length !== blocks) bad(`${includes.length} lists of indices for ${blocks} blocks`)
  const limit = BigInt(messages)
  const used = new Set<bigint>()
  for (const list of includes) {
    for (const index of list) {
      if (index >= limit) bad(`index ${index} points past ${messages} messages`)
      used.add(index)
    }
  }
  // Messages that no block holds would be read, hashed and stored for nothing.
  if (used.size !== messages) bad(`${messages - used.size} messages belong to no block`)
}
