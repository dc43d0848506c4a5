import { type Codec, encode } from '../codec/codec.ts'
import { list } from '../codec/combinators.ts'
import type { Json, JsonContext } from '../codec/json.ts'
import { NodeError } from '../lib/errors.ts'
import { blake2b256 } from '../native/crypto.ts'
import { type BlockHeader, blockHeader } from './block.ts'
import { type CID, cid, cidKey, cidOf } from './cid.ts'
import type { ChainEpoch } from './scalars.ts'

/** The CIDs of a tipset's blocks in the tipset's order. Empty means "the heaviest tipset" in API calls. */
export class TipsetKey {
  readonly cids: readonly CID[]
  #id: string | undefined

  constructor(cids: readonly CID[]) {
    this.cids = cids
  }

  static readonly empty = new TipsetKey([])

  get isEmpty(): boolean {
    return this.cids.length === 0
  }

  /** Equal exactly for equal keys; a Map key. */
  get id(): string {
    this.#id ??= this.cids.map(cidKey).join('')
    return this.#id
  }

  equals(other: TipsetKey): boolean {
    return this.id === other.id
  }

  /** `{bafy…,bafy…}`, as Lotus prints keys. */
  toString(): string {
    return `{${this.cids.map((c) => c.toString()).join(',')}}`
  }
}

/** A CBOR list of links; a list of `{"/": …}` in JSON. */
export const tipsetKey: Codec<TipsetKey> = {
  name: 'TipSetKey',
  write: (w, v) => cids.write(w, v.cids as CID[]),
  read: (r) => new TipsetKey(cids.read(r)),
  toJson: (v, ctx) => cids.toJson(v.cids as CID[], ctx),
  fromJson: (json, path) => new TipsetKey(cids.fromJson(json, path)),
  schema: { title: 'Tipset key', type: 'array', items: cid.schema },
}
const cids = list(cid)

/** The block that holds a tipset's key; its hash is the Ethereum block hash of the tipset. */
export function tipsetKeyBlock(key: TipsetKey): { readonly cid: CID; readonly data: Uint8Array } {
  const data = encode(tipsetKey, key)
  return { cid: cidOf(data), data }
}

export class TipsetError extends NodeError {
  declare readonly code: 'TIPSET_INVALID'
  constructor(message: string) {
    super('TIPSET_INVALID', message)
  }
}

/** One or more blocks of one height with the same parents, ordered by ticket. */
export class Tipset {
  readonly blocks: readonly BlockHeader[]
  readonly key: TipsetKey

  private constructor(blocks: readonly BlockHeader[], key: TipsetKey) {
    this.blocks = blocks
    this.key = key
  }

  /**
   * Sorts the blocks (blake2b-256 of the ticket's proof, then CID bytes) and checks that they belong together.
   * Source: Lotus chain/types/tipset.go.
   * @throws TipsetError
   */
  static create(headers: readonly BlockHeader[]): Tipset {
    const first = headers[0]
    if (first === undefined) throw new TipsetError('a tipset needs at least one block')
    const sorted = headers.map((header) => {
      const bytes = encode(blockHeader, header)
      return { header, cid: cidOf(bytes), ticket: header.ticket === null ? undefined : blake2b256(header.ticket.vrfProof) }
    })
    sorted.sort((a, b) => {
      if (a.ticket !== undefined && b.ticket !== undefined) {
        const c = Buffer.compare(a.ticket, b.ticket)
        if (c !== 0) return c
      }
      return Buffer.compare(a.cid.bytes, b.cid.bytes)
    })
    const parents = new TipsetKey(first.parents)
    const seen = new Set<string>()
    for (const { header, cid: c } of sorted) {
      if (header.height !== first.height)
        throw new TipsetError(`blocks of heights ${first.height} and ${header.height} form no tipset`)
      if (!new TipsetKey(header.parents).equals(parents)) throw new TipsetError('blocks with different parents form no tipset')
      if (seen.has(cidKey(c))) throw new TipsetError(`block ${c} stands twice in the tipset`)
      seen.add(cidKey(c))
    }
    return new Tipset(
      sorted.map((s) => s.header),
      new TipsetKey(sorted.map((s) => s.cid)),
    )
  }

  get first(): BlockHeader {
    return this.blocks[0] as BlockHeader
  }

  get height(): ChainEpoch {
    return this.first.height
  }

  get parents(): TipsetKey {
    return new TipsetKey(this.first.parents)
  }

  get cids(): readonly CID[] {
    return this.key.cids
  }

  /** Smallest timestamp of the blocks, Unix seconds. */
  get minTimestamp(): bigint {
    return this.blocks.reduce((min, b) => (b.timestamp < min ? b.timestamp : min), this.first.timestamp)
  }

  /** The block with the smallest ticket: the first in order. */
  get minTicketBlock(): BlockHeader {
    return this.first
  }

  get parentStateRoot(): CID {
    return this.first.parentStateRoot
  }

  equals(other: Tipset): boolean {
    return this.key.equals(other.key)
  }
}

/** `{Cids, Blocks, Height}`, as Lotus prints an expanded tipset. */
export function tipsetToJson(t: Tipset, ctx: JsonContext): Json {
  return {
    Cids: t.cids.map((c) => ({ '/': c.toString() })),
    Blocks: t.blocks.map((b) => blockHeader.toJson(b, ctx)),
    Height: t.height,
  }
}
