import { type CID, cidKey } from '../types/cid.ts'
import { type Block, type BlockReader, type BlockWriter, identityData } from './blockstore.ts'

/** Bytes of recently written blocks that are kept readable without the disk; the state's upper nodes are read at once again. */
const DEFAULT_RECENT_BYTES = 32 << 20

interface Below extends BlockReader {
  getBytes(cid: Uint8Array): Uint8Array | undefined
  putMany(blocks: readonly Block[]): Promise<void>
}

/**
 * Takes writes synchronously, in the middle of an execution, and brings them to the store below when it is told to.
 * What was written is readable here at once.
 */
export class BufferedBlockstore implements BlockReader, BlockWriter {
  readonly #below: Below
  readonly #maxRecent: number
  #buffer: Block[] = []
  #buffered = new Map<string, Uint8Array>()
  #young = new Map<string, Uint8Array>()
  #old = new Map<string, Uint8Array>()
  #youngBytes = 0

  constructor(below: Below, recentBytes: number = DEFAULT_RECENT_BYTES) {
    this.#below = below
    this.#maxRecent = recentBytes / 2
  }

  get(cid: CID): Uint8Array | undefined {
    return identityData(cid) ?? this.#inMemory(cidKey(cid)) ?? this.#below.get(cid)
  }

  getBytes(cid: Uint8Array): Uint8Array | undefined {
    const key = Buffer.from(cid.buffer, cid.byteOffset, cid.byteLength).toString('latin1')
    return this.#inMemory(key) ?? this.#below.getBytes(cid)
  }

  #inMemory(key: string): Uint8Array | undefined {
    return this.#buffered.get(key) ?? this.#young.get(key) ?? this.#old.get(key)
  }

  put(cid: CID, data: Uint8Array): void {
    const key = cidKey(cid)
    if (this.#inMemory(key) !== undefined) return
    this.#buffer.push({ cid, data })
    this.#buffered.set(key, data)
  }

  /** Brings what was written to the store below; settles when it has it. */
  async flush(): Promise<void> {
    const blocks = this.#buffer
    const index = this.#buffered
    if (blocks.length === 0) return
    // Readable from the recent ones while the store below writes: nothing is ever out of sight.
    for (const [key, data] of index) {
      this.#young.set(key, data)
      this.#youngBytes += data.length
    }
    this.#buffer = []
    this.#buffered = new Map()
    await this.#below.putMany(blocks)
    if (this.#youngBytes > this.#maxRecent) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
  }
}
