import { MissingBlockError } from '../../store/blockstore.ts'
import type { ChainReader } from '../../store/chain-reader.ts'
import { type CID, cidKey } from '../../types/cid.ts'
import type { Message, SignedMessage } from '../../types/message.ts'
import type { Tipset, TipsetKey } from '../../types/tipset.ts'
import type { CompactedMessages } from '../../types/wire/chain-exchange.ts'
import { pause, Slice } from '../time-slice.ts'

/** What the exchange's server reads. Either may be answered by another thread. */
export interface ChainSource {
  /** Undefined where the node lacks it. */
  tipset(key: TipsetKey): Promise<Tipset | undefined> | Tipset | undefined
  /** Undefined where the node lacks some of them. */
  messages(tipset: Tipset): Promise<CompactedMessages | undefined> | CompactedMessages | undefined
}

/** A block's messages with the CIDs by which the chain knows them. */
export interface BlockMessageLists {
  readonly bls: readonly Message[]
  readonly secp: readonly SignedMessage[]
  readonly blsCids: readonly CID[]
  readonly secpCids: readonly CID[]
}

/** Each message once, in the order of its first block, and each block's messages as indices (Lotus chain/exchange gatherMessages). */
export function compactMessages(blocks: readonly BlockMessageLists[]): CompactedMessages {
  const bls = new Compactor<Message>()
  const secp = new Compactor<SignedMessage>()
  for (const b of blocks) {
    bls.add(b.bls, b.blsCids)
    secp.add(b.secp, b.secpCids)
  }
  return { bls: bls.messages, blsIncludes: bls.includes, secpk: secp.messages, secpkIncludes: secp.includes }
}

class Compactor<T> {
  readonly messages: T[] = []
  readonly includes: bigint[][] = []
  readonly #index = new Map<string, bigint>()

  add(messages: readonly T[], cids: readonly CID[]): void {
    this.includes.push(
      messages.map((message, i) => {
        const key = cidKey(cids[i] as CID)
        let at = this.#index.get(key)
        if (at === undefined) {
          at = BigInt(this.messages.length)
          this.#index.set(key, at)
          this.messages.push(message)
        }
        return at
      }),
    )
  }
}

/** Serves from a chain reader on the thread that asks; the event loop turns between the blocks of large tipsets. */
export function readerSource(reader: ChainReader): ChainSource {
  return {
    tipset: (key) => {
      try {
        return reader.tipset(key)
      } catch (error) {
        return undefinedIfMissing(error)
      }
    },
    messages: async (tipset) => {
      const slice = new Slice()
      const lists: BlockMessageLists[] = []
      try {
        for (const block of tipset.blocks) {
          lists.push(reader.messages(block))
          if (slice.isOver) await pause(slice)
        }
      } catch (error) {
        return undefinedIfMissing(error)
      }
      return compactMessages(lists)
    },
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof MissingBlockError) return undefined
  throw error
}
