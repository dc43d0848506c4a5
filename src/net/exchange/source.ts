import { CborWriter } from '../../codec/cbor-writer.ts'
import { MissingBlockError, mustGet } from '../../store/blockstore.ts'
import type { ChainReader } from '../../store/chain-reader.ts'
import { type CID, cidKey } from '../../types/cid.ts'
import type { Tipset, TipsetKey } from '../../types/tipset.ts'
import type { Slice } from '../time-slice.ts'

/** What the exchange's server reads. Headers and messages are handed on as they are stored: nobody here looks into them. */
export interface ChainSource {
  /** Undefined where the node lacks it. */
  tipset(key: TipsetKey): Promise<Tipset | undefined> | Tipset | undefined
  /** The encoded headers of a tipset; undefined where the node lacks some of them. */
  headers(tipset: Tipset): readonly Uint8Array[] | undefined
  /**
   * The encoding of `compactedMessages`; undefined where the node lacks some of them.
   * @param slice the caller's: the event loop turns between the blocks of large tipsets
   */
  messages(tipset: Tipset, slice: Slice): Promise<Uint8Array | undefined> | Uint8Array | undefined
}

/** Serves from a chain reader on the thread that asks. */
export function readerSource(reader: ChainReader): ChainSource {
  return {
    tipset: (key) => {
      try {
        return reader.tipset(key)
      } catch (error) {
        return undefinedIfMissing(error)
      }
    },
    headers: (tipset) => {
      try {
        return tipset.cids.map((cid) => mustGet(reader.store, cid))
      } catch (error) {
        return undefinedIfMissing(error)
      }
    },
    messages: async (tipset, slice) => {
      const bls = new Compactor(reader)
      const secp = new Compactor(reader)
      try {
        for (const block of tipset.blocks) {
          const { blsCids, secpCids } = reader.messageCids(block)
          bls.add(blsCids)
          secp.add(secpCids)
          if (slice.isOver) await slice.pause()
        }
      } catch (error) {
        return undefinedIfMissing(error)
      }
      const w = new CborWriter(bls.bytes + secp.bytes + 256)
      w.array(4)
      bls.write(w)
      secp.write(w)
      return w.finish()
    },
  }
}

/** Each message once, in the order of its first block, and each block's messages as indices (Lotus chain/exchange gatherMessages). */
class Compactor {
  readonly #reader: ChainReader
  readonly #messages: Uint8Array[] = []
  readonly #includes: number[][] = []
  readonly #index = new Map<string, number>()
  /** About how many the encoding takes. */
  bytes = 0

  constructor(reader: ChainReader) {
    this.#reader = reader
  }

  /** @throws MissingBlockError */
  add(cids: readonly CID[]): void {
    this.#includes.push(cids.map((cid) => this.#at(cid)))
    this.bytes += 3 * cids.length + 3
  }

  #at(cid: CID): number {
    const key = cidKey(cid)
    const known = this.#index.get(key)
    if (known !== undefined) return known
    const data = mustGet(this.#reader.store, cid)
    this.#messages.push(data)
    this.bytes += data.length
    this.#index.set(key, this.#messages.length - 1)
    return this.#messages.length - 1
  }

  write(w: CborWriter): void {
    w.array(this.#messages.length)
    for (const data of this.#messages) w.raw(data)
    w.array(this.#includes.length)
    for (const block of this.#includes) {
      w.array(block.length)
      for (const index of block) w.int(index)
    }
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof MissingBlockError) return undefined
  throw error
}
