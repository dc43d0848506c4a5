import { NodeError } from '../lib/errors.ts'
import { CID, cidKey, IDENTITY } from '../types/cid.ts'

export interface Block {
  readonly cid: CID
  readonly data: Uint8Array
}

/** Synchronous reads: state is walked in worker threads, and the FVM asks for blocks in the middle of a call. */
export interface BlockReader {
  /** undefined when absent; an identity CID is answered from the CID itself. */
  get(cid: CID): Uint8Array | undefined
}

export interface BlockWriter {
  put(cid: CID, data: Uint8Array): void
}

export interface Blockstore extends BlockReader {
  has(cid: CID): boolean
  /** As `get`, by the bytes of the CID: what the FVM's callback has at hand. */
  getBytes(cid: Uint8Array): Uint8Array | undefined
  getMany(cids: readonly CID[]): Promise<(Uint8Array | undefined)[]>
  /** Visible to readers of this thread at once, to the disk when the promise settles. */
  putMany(blocks: readonly Block[]): Promise<void>
}

/** A block that is not in the store. */
export class MissingBlockError extends NodeError {
  declare readonly code: 'STORE_BLOCK_MISSING'
  constructor(cid: CID) {
    super('STORE_BLOCK_MISSING', `block ${cid} is not in the store`, {
      fields: { cid: cid.toString() },
      hint: 'The node lacks this part of the chain or its state; import a snapshot that holds it.',
    })
  }
}

/** @throws MissingBlockError */
export function mustGet(store: BlockReader, cid: CID): Uint8Array {
  const data = store.get(cid)
  if (data === undefined) throw new MissingBlockError(cid)
  return data
}

/** The data of an identity CID, undefined for any other. */
export function identityData(cid: CID): Uint8Array | undefined {
  return cid.multihash.code === IDENTITY ? cid.multihash.digest : undefined
}

/** The multihash part of a CID's bytes: the key under which a block is stored, whatever its codec. */
export function multihashOf(cid: Uint8Array): Uint8Array {
  // Version 0 CIDs are bare sha2-256 multihashes; version 1 has a version and a codec varint in front.
  if (cid[0] === 0x12 && cid[1] === 0x20 && cid.length === 34) return cid
  let at = 1
  while ((cid[at] as number) >= 0x80) at++
  return cid.subarray(at + 1)
}

/** Blocks in memory, for tests and for what is never kept. */
export class MemoryBlockstore implements Blockstore, BlockWriter {
  readonly #blocks = new Map<string, Block>()

  get size(): number {
    return this.#blocks.size
  }

  get(cid: CID): Uint8Array | undefined {
    return identityData(cid) ?? this.#blocks.get(cidKey(cid))?.data
  }

  getBytes(cid: Uint8Array): Uint8Array | undefined {
    return this.#blocks.get(Buffer.from(cid.buffer, cid.byteOffset, cid.byteLength).toString('latin1'))?.data
  }

  has(cid: CID): boolean {
    return this.get(cid) !== undefined
  }

  async getMany(cids: readonly CID[]): Promise<(Uint8Array | undefined)[]> {
    return cids.map((c) => this.get(c))
  }

  put(cid: CID, data: Uint8Array): void {
    this.#blocks.set(cidKey(cid), { cid, data })
  }

  async putMany(blocks: readonly Block[]): Promise<void> {
    for (const b of blocks) this.put(b.cid, b.data)
  }

  *blocks(): IterableIterator<Block> {
    yield* this.#blocks.values()
  }
}

/** Writes stay in memory, reads fall through to the store below: for explicit calls and state that may be thrown away. */
export class OverlayBlockstore implements BlockReader, BlockWriter {
  readonly #below: BlockReader & { getBytes?(cid: Uint8Array): Uint8Array | undefined }
  readonly #own = new MemoryBlockstore()

  constructor(below: BlockReader & { getBytes?(cid: Uint8Array): Uint8Array | undefined }) {
    this.#below = below
  }

  get(cid: CID): Uint8Array | undefined {
    return this.#own.get(cid) ?? this.#below.get(cid)
  }

  getBytes(cid: Uint8Array): Uint8Array | undefined {
    const own = this.#own.getBytes(cid)
    if (own !== undefined) return own
    return this.#below.getBytes === undefined ? this.#below.get(CID.decode(cid)) : this.#below.getBytes(cid)
  }

  put(cid: CID, data: Uint8Array): void {
    this.#own.put(cid, data)
  }

  /** What was written through this overlay. */
  written(): Block[] {
    return [...this.#own.blocks()]
  }
}
