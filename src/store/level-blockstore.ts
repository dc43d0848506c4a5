import { join } from 'node:path'
import type { CID } from '../types/cid.ts'
import { type Block, type Blockstore, identityData, multihashOf } from './blockstore.ts'
import type { CarBatch } from './car/car-reader.ts'
import { StoreError } from './errors.ts'
import { openLevel } from './open-level.ts'
import { listPacks, makeFolder, PackReader, PackWriter } from './pack-files.ts'
import { hashAt, PLACE_BYTES, putPlaces, sections } from './pack-places.ts'
import { checkPacks, recordSealed, repair, sealedEnds } from './pack-repair.ts'
import { RawLevel } from './raw-level.ts'

const IDENTITY_HASH = 0

export interface LevelBlockstoreOptions {
  /** Folder of the store; made where it is missing. */
  readonly path: string
  /** Refuses writes, and leaves the folder as it is. */
  readonly readOnly?: boolean
  /**
   * True for a second handle in the same process (a worker thread), while the first one is open: it must not repair what the
   * first is writing.
   */
  readonly attached?: boolean
  /** Cache for the index, bytes. */
  readonly cacheBytes?: number
}

/**
 * Blocks on disk: their bytes in packs (append-only files that are CARs themselves), and in LevelDB the place of each by its
 * multihash. LevelDB alone was measured to rewrite every block several times over as it merges its levels, which a chain's
 * random keys make as bad as it can be; with places of 12 bytes it has a tenth of the bytes to merge.
 *
 * What a crash can do: a pack that was being written may end in garbage. Opening the store checks such a pack section by
 * section, cuts it off at the first that is not whole, and completes the index from it.
 */
export class LevelBlockstore implements Blockstore {
  readonly path: string
  readonly #index: RawLevel
  readonly #reader: PackReader
  readonly #writer: PackWriter | undefined
  /** Where the packs end that were complete when the store was opened: LevelDB's log may outlive the bytes it speaks of. */
  readonly #ends: ReadonlyMap<number, number>
  /** Blocks on their way to the disk, by latin1 of their multihash. */
  readonly #pending = new Map<string, Uint8Array>()
  readonly #writes = new Set<Promise<void>>()
  #closing: Promise<void> | undefined
  #closed = false

  private constructor(path: string, index: RawLevel, ends: ReadonlyMap<number, number>, nextPack: number, readOnly: boolean) {
    this.path = path
    this.#ends = ends
    this.#index = index
    const folder = packFolder(path)
    this.#reader = new PackReader(folder)
    this.#writer = readOnly ? undefined : new PackWriter(folder, nextPack, (pack, bytes) => recordSealed(index, pack, bytes))
  }

  /** Memory that the index takes. */
  get memoryBytes(): number {
    return this.#closed ? 0 : this.#index.memoryBytes
  }

  /** @throws StoreError STORE_OPEN when another process holds the folder, STORE_CORRUPT when LevelDB cannot read it */
  static async open(options: LevelBlockstoreOptions): Promise<LevelBlockstore> {
    const folder = packFolder(options.path)
    await makeFolder(folder)
    const index = new RawLevel(join(options.path, 'index'), {
      cacheBytes: options.cacheBytes ?? 64 << 20,
      // Small on purpose: at start LevelDB replays what was not merged yet, 64 MiB of places would take two seconds.
      writeBufferBytes: 16 << 20,
      maxFileBytes: 32 << 20,
    })
    await openLevel(index, options.path)
    try {
      if (options.attached !== true && options.readOnly !== true) await repair(index, folder)
      const last = (await listPacks(folder)).at(-1)
      const ends = await sealedEnds(index)
      const next = Math.max(last?.pack ?? -1, ...ends.keys()) + 1
      return new LevelBlockstore(options.path, index, ends, next, options.readOnly === true)
    } catch (e) {
      await index.close()
      throw e
    }
  }

  get(cid: CID): Uint8Array | undefined {
    return identityData(cid) ?? this.#read(cid.multihash.bytes)
  }

  getBytes(cid: Uint8Array): Uint8Array | undefined {
    const hash = multihashOf(cid)
    // An identity multihash: code 0, a length below 128, the data.
    if (hash[0] === IDENTITY_HASH) return hash.subarray(2)
    return this.#read(hash)
  }

  has(cid: CID): boolean {
    if (identityData(cid) !== undefined) return true
    return this.#hasHash(cid.multihash.bytes)
  }

  #hasHash(hash: Uint8Array): boolean {
    this.#check()
    return this.#pending.has(text(hash)) || this.#place(this.#index.rawGet(hash)) !== undefined
  }

  #read(hash: Uint8Array): Uint8Array | undefined {
    this.#check()
    if (this.#pending.size > 0) {
      const pending = this.#pending.get(text(hash))
      if (pending !== undefined) return pending
    }
    return this.#at(this.#index.rawGet(hash))
  }

  #at(entry: Uint8Array | undefined): Uint8Array | undefined {
    const place = this.#place(entry)
    return place === undefined
      ? undefined
      : this.#reader.read(place.getUint32(0, true), place.getUint32(4, true), place.getUint32(8, true))
  }

  /** The place that an index entry gives, undefined when a crash took the bytes that were there. */
  #place(entry: Uint8Array | undefined): DataView | undefined {
    if (entry === undefined) return undefined
    if (entry.length !== PLACE_BYTES)
      throw new StoreError('STORE_CORRUPT', 'the index of the block store holds an entry of the wrong size')
    const place = new DataView(entry.buffer, entry.byteOffset, PLACE_BYTES)
    const end = this.#ends.get(place.getUint32(0, true))
    return end !== undefined && place.getUint32(4, true) + place.getUint32(8, true) > end ? undefined : place
  }

  async getMany(cids: readonly CID[]): Promise<(Uint8Array | undefined)[]> {
    this.#check()
    const places = await this.#index.rawGetMany(cids.map((c) => c.multihash.bytes))
    return cids.map((c, i) => identityData(c) ?? this.#pending.get(text(c.multihash.bytes)) ?? this.#at(places[i]))
  }

  /**
   * Stores blocks; those that the store has are passed over. The CIDs are not checked against the data.
   * @param options.sync returns when a power cut can no longer lose them
   */
  async putMany(blocks: readonly Block[], options: { readonly sync?: boolean } = {}): Promise<void> {
    this.#writable()
    const fresh: { key: string; hash: Uint8Array; block: Block }[] = []
    for (const block of blocks) {
      const hash = block.cid.multihash.bytes
      if (hash[0] === IDENTITY_HASH || this.#hasHash(hash)) continue
      const key = text(hash)
      this.#pending.set(key, block.data)
      fresh.push({ key, hash, block })
    }
    const batch = sections(fresh.map((f) => f.block))
    try {
      if (fresh.length > 0) await this.#track(this.#store(batch, [batch.bytes], undefined, options.sync === true))
      else if (options.sync === true) await this.sync()
    } finally {
      for (const { key, block } of fresh) if (this.#pending.get(key) === block.data) this.#pending.delete(key)
    }
  }

  /**
   * Stores the sections of a CAR as they stand, without decoding them. Their blocks are seen by readers when the promise
   * settles. The caller has checked the hashes and must leave the bytes alone until then.
   * @param options.skipKnown passes over blocks that the store has; needless for a store that was empty
   */
  async putSections(batch: CarBatch, options: { readonly skipKnown?: boolean; readonly sync?: boolean } = {}): Promise<void> {
    this.#writable()
    if (options.skipKnown !== true) return this.#track(this.#store(batch, [batch.bytes], undefined, options.sync === true))
    const { parts, kept, shifts } = this.#withoutKnown(batch)
    if (kept.length === 0) return
    return this.#track(
      this.#store({ bytes: batch.bytes, consumed: batch.consumed, entries: kept }, parts, shifts, options.sync === true),
    )
  }

  /** The runs of sections that the store lacks, and by how much each section moves towards the front. */
  #withoutKnown(batch: CarBatch): { parts: Uint8Array[]; kept: Uint32Array; shifts: Uint32Array } {
    const { bytes, entries } = batch
    const parts: Uint8Array[] = []
    const kept: number[] = []
    const shifts: number[] = []
    let removed = 0
    let runStart = 0
    let end = 0
    for (let i = 0; i < entries.length; i += 4) {
      const start = end
      end = (entries[i + 2] as number) + (entries[i + 3] as number)
      if (this.#hasHash(hashAt(batch, i))) {
        if (start > runStart) parts.push(bytes.subarray(runStart, start))
        runStart = end
        removed += end - start
        continue
      }
      kept.push(entries[i] as number, entries[i + 1] as number, entries[i + 2] as number, entries[i + 3] as number)
      shifts.push(removed)
    }
    if (end > runStart) parts.push(bytes.subarray(runStart, end))
    return { parts, kept: Uint32Array.from(kept), shifts: Uint32Array.from(shifts) }
  }

  async #store(batch: CarBatch, parts: readonly Uint8Array[], shifts: Uint32Array | undefined, sync: boolean): Promise<void> {
    const writer = this.#writer as PackWriter
    const place = await writer.append(parts)
    // The bytes first: an entry must never lead to a place that is not written.
    await place.written
    if (sync) await writer.sync()
    await putPlaces(this.#index, batch, place.pack, place.offset, shifts, sync)
  }

  /** Forgets blocks; their bytes stay in their packs until the store is rewritten. */
  async delete(cids: readonly CID[]): Promise<void> {
    this.#writable()
    await this.#track(
      this.#index.rawBatch(
        cids.map((c) => ({ type: 'del', key: c.multihash.bytes })),
        false,
      ),
    )
  }

  /** Makes everything put through this handle survive a power cut. */
  async sync(): Promise<void> {
    this.#writable()
    await Promise.all(this.#writes)
    await this.#writer?.sync()
    await this.#index.rawBatch([{ type: 'put', key: Buffer.from('synced'), value: new Uint8Array(1) }], true)
  }

  /** True when nothing was ever stored. */
  async isEmpty(): Promise<boolean> {
    this.#check()
    return (await listPacks(packFolder(this.path))).length === 0
  }

  /**
   * Reads every block and compares it with its hash.
   * @throws StoreError STORE_CORRUPT naming the first pack that is damaged
   */
  async check(signal?: AbortSignal): Promise<void> {
    this.#check()
    await Promise.all(this.#writes)
    await checkPacks(this.#index, packFolder(this.path), signal)
  }

  /** Bytes of all packs. */
  async packBytes(): Promise<number> {
    let bytes = 0
    for (const p of await listPacks(packFolder(this.path))) bytes += p.bytes
    return bytes
  }

  async #track(write: Promise<void>): Promise<void> {
    const settled = write.then(
      () => {},
      () => {},
    )
    this.#writes.add(settled)
    try {
      await write
    } finally {
      this.#writes.delete(settled)
    }
  }

  #check(): void {
    if (this.#closed) throw new StoreError('STORE_CLOSED', 'the block store is closed')
  }

  #writable(): void {
    if (this.#closing !== undefined) throw new StoreError('STORE_CLOSED', 'the block store is closed')
    if (this.#writer === undefined) throw new StoreError('STORE_CLOSED', 'the block store was opened for reading only')
  }

  /** Waits for what is being written, then closes. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.all(this.#writes)
      try {
        await this.#writer?.close()
      } finally {
        this.#closed = true
        this.#reader.close()
        await this.#index.close()
      }
    })()
    return this.#closing
  }
}

function packFolder(path: string): string {
  return join(path, 'packs')
}

function text(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1')
}
