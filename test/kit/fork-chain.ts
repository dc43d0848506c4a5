// Small chains of our own making, for tests of forks: headers that belong together, without state, signatures or power.

import { CborWriter } from '../../src/codec/cbor-writer.ts'
import { encode } from '../../src/codec/codec.ts'
import { MemoryBlockstore } from '../../src/store/blockstore.ts'
import { Address } from '../../src/types/address.ts'
import { type BlockHeader, blockHeader, msgMeta } from '../../src/types/block.ts'
import { type CID, cid as cidCodec, cidOf } from '../../src/types/cid.ts'
import { type Message, message, type SignedMessage, signedMessage } from '../../src/types/message.ts'
import { Tipset } from '../../src/types/tipset.ts'

export interface BlockContent {
  readonly bls?: readonly Message[]
  readonly secp?: readonly SignedMessage[]
}

export interface TestChain {
  readonly store: MemoryBlockstore
  genesis(): Tipset
  /** A tipset on top of another; `blocks` of them, or one for each of `contents`. */
  extend(parent: Tipset, options?: { blocks?: number; nullRounds?: number; contents?: readonly BlockContent[] }): Tipset
  put(data: Uint8Array): CID
  /** The root of a legacy list of CIDs. */
  list(cids: readonly CID[]): CID
}

/** Writes a dense list in the legacy AMT form; `values` are CBOR. */
export function legacyAmt(put: (data: Uint8Array) => CID, values: readonly Uint8Array[]): CID {
  let height = 0
  while (8 ** (height + 1) < values.length) height++
  const node = (w: CborWriter, level: number, items: readonly Uint8Array[]): void => {
    const step = 8 ** level
    const slots: (readonly Uint8Array[])[] = []
    for (let i = 0; i < items.length; i += step) slots.push(items.slice(i, i + step))
    w.array(3)
    w.bytes(Uint8Array.of((1 << slots.length) - 1))
    const below = level === 0 ? [] : slots.map((s) => child(level - 1, s))
    w.array(below.length)
    for (const c of below) cidCodec.write(w, c)
    w.array(level === 0 ? items.length : 0)
    if (level === 0) for (const v of items) w.raw(v)
  }
  const child = (level: number, items: readonly Uint8Array[]): CID => {
    const w = new CborWriter()
    node(w, level, items)
    return put(w.finish())
  }
  const w = new CborWriter()
  w.array(3)
  w.int(height)
  w.int(values.length)
  node(w, height, values)
  return put(w.finish())
}

/**
 * @param first chains with another number differ from the genesis on
 * @param miners how many take turns at making blocks; with few of them one soon makes two at a height
 */
export function testChain(first = 0, miners = 7): TestChain {
  const store = new MemoryBlockstore()
  let serial = first
  const put = (data: Uint8Array): CID => {
    const c = cidOf(data)
    store.put(c, data)
    return c
  }
  const list = (cids: readonly CID[]): CID =>
    legacyAmt(
      put,
      cids.map((c) => encode(cidCodec, c)),
    )
  const empty = list([])
  const block = (height: number, parents: readonly CID[], content: BlockContent): BlockHeader => {
    const unique = new Uint8Array(8)
    new DataView(unique.buffer).setUint32(0, ++serial)
    const header: BlockHeader = {
      miner: Address.fromId(BigInt(1000 + (serial % miners))),
      ticket: { vrfProof: unique },
      electionProof: null,
      beaconEntries: [],
      winPostProof: [],
      parents: [...parents],
      parentWeight: BigInt(height),
      height,
      parentStateRoot: empty,
      parentMessageReceipts: empty,
      messages: put(
        encode(msgMeta, {
          blsMessages: list((content.bls ?? []).map((m) => put(encode(message, m)))),
          secpkMessages: list((content.secp ?? []).map((m) => put(encode(signedMessage, m)))),
        }),
      ),
      blsAggregate: null,
      timestamp: BigInt(height * 30),
      blockSig: null,
      forkSignaling: 0n,
      parentBaseFee: 100n,
    }
    put(encode(blockHeader, header))
    return header
  }
  return {
    store,
    put,
    list,
    genesis: () => Tipset.create([block(0, [cidOf(new Uint8Array([0xf6]))], {})]),
    extend(parent, { blocks = 1, nullRounds = 0, contents } = {}) {
      const height = parent.height + 1 + nullRounds
      const all = contents ?? Array.from({ length: blocks }, (): BlockContent => ({}))
      return Tipset.create(all.map((content) => block(height, parent.cids, content)))
    },
  }
}
