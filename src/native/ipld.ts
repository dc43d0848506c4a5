/** Bulk work on blocks: CAR sections, links, graph walks, whole HAMTs and AMTs. */
import type { NativeCids, NativeWalker } from '../../native/index.d.ts'
import { addon } from './addon.ts'
import { NativeError, nativeAsync, nativeCall } from './errors.ts'

/** Lotus's limit of a CAR section (go-car util.MaxAllowedSectionSize). */
export const MAX_SECTION_BYTES = 32 << 20

export interface CarScan {
  /** Bytes of the chunk that whole sections took; the rest belongs before the next chunk. */
  readonly consumed: number
  /** For each section: offset and length of its CID, offset and length of its data, within the chunk. */
  readonly entries: Uint32Array
}

/**
 * Finds the sections at the start of `chunk` (a CARv1 body, header already taken off) on the thread pool.
 * @param options.verify also hash every block: blake2b-256, sha2-256 and identity are known
 * @param options.maxBlock largest section in bytes, CID included
 * @param options.offset where the chunk lies in the file, for error messages
 * @throws NativeError NATIVE_CAR naming the CID and the byte where something is wrong
 */
export function scanCar(
  chunk: Uint8Array,
  options: { readonly verify?: boolean; readonly maxBlock?: number; readonly offset?: number } = {},
): Promise<CarScan> {
  const { verify = true, maxBlock = MAX_SECTION_BYTES, offset = 0 } = options
  return nativeAsync(() => addon().scanCar(chunk, verify, maxBlock, offset))
}

function unpack(packed: NativeCids): Uint8Array[] {
  let at = 0
  return Array.from(packed.lengths, (length) => {
    at += length
    return packed.bytes.subarray(at - length, at)
  })
}

const DAG_CBOR = 0x71

/**
 * CIDs that a block links to, in order and with repetitions; a raw block has none.
 * @param codec multicodec number of the block's CID. @throws NATIVE_CBOR for broken CBOR
 */
export function extractLinks(data: Uint8Array, codec: number): Uint8Array[] {
  return codec === DAG_CBOR ? unpack(nativeCall(() => addon().cborLinks(data))) : []
}

/**
 * Checks that bytes are exactly one value of canonical DAG-CBOR: shortest heads, definite lengths, sorted text keys,
 * no tag but 42, no NaN. @throws NATIVE_CBOR with the byte where it is not
 */
export function validateCbor(data: Uint8Array, limits: { readonly maxBytes?: number; readonly maxDepth?: number } = {}): void {
  const { maxBytes = MAX_SECTION_BYTES, maxDepth = 256 } = limits
  if (data.length > maxBytes) {
    throw new NativeError('NATIVE_CBOR', `a value of ${data.length} bytes is larger than the limit of ${maxBytes}`)
  }
  nativeCall(() => addon().validateCbor(data, maxDepth))
}

/** True when a block's bytes hash to its CID (blake2b-256, sha2-256, identity). @throws NATIVE_CAR for another hash */
export function cidMatches(cid: Uint8Array, data: Uint8Array): boolean {
  return nativeCall(() => addon().cidMatches(cid, data))
}

export interface DagWalkerOptions {
  /** Most CIDs that may wait at once. */
  readonly maxQueue?: number
  /** Codecs never walked; by default the commitments to sectors, which are no blocks (as Lotus's export). */
  readonly skipCodecs?: readonly number[]
}

/** fil-commitment-unsealed and fil-commitment-sealed. */
const COMMITMENTS = [0xf101, 0xf102]

export interface WalkedBlock {
  readonly cid: Uint8Array
  readonly data: Uint8Array
}

/**
 * A depth-first walk over a graph of blocks, for export and garbage marking. The visited set is native and takes
 * about 30 bytes a block. Use: push roots, then `next`, read those blocks, `feed` them, until `next` gives none.
 * Identity CIDs and skipped codecs are never queued.
 */
export class DagWalker {
  readonly #walker: NativeWalker

  constructor(options: DagWalkerOptions = {}) {
    const { maxQueue = 1 << 24, skipCodecs = COMMITMENTS } = options
    const native = addon()
    this.#walker = nativeCall(() => new native.NativeWalker(maxQueue, [...skipCodecs]))
  }

  /** Queues CIDs that were not seen before; returns how many were new. @throws NATIVE_IPLD when the queue is full */
  push(cids: readonly Uint8Array[]): number {
    return nativeCall(() => this.#walker.push(cids as Uint8Array[]))
  }

  /** Takes up to `count` CIDs off the queue. */
  next(count: number): Uint8Array[] {
    return unpack(nativeCall(() => this.#walker.next(count)))
  }

  /** Queues the unseen links of blocks; returns how many were new. @throws NATIVE_CBOR naming a block that cannot be read */
  feed(blocks: readonly WalkedBlock[]): number {
    return nativeCall(() =>
      this.#walker.feed(
        blocks.map((b) => b.cid),
        blocks.map((b) => b.data),
      ),
    )
  }

  /** True when the CID was queued at any time. */
  seen(cid: Uint8Array): boolean {
    return nativeCall(() => this.#walker.seen(cid))
  }

  /** Number of different CIDs queued so far. */
  get seenCount(): number {
    return nativeCall(() => this.#walker.seenCount())
  }

  get queued(): number {
    return nativeCall(() => this.#walker.queued())
  }

  /** Frees the visited set, which may be gigabytes. Calls after it throw NATIVE_IPLD. */
  close(): void {
    nativeCall(() => this.#walker.close())
  }
}

export interface WalkLimits {
  readonly maxEntries?: number
  /** Of keys and values together. */
  readonly maxBytes?: number
}

const DEFAULT_MAX_ENTRIES = 50_000_000
const DEFAULT_MAX_BYTES = 2 ** 32 - 1

/** Packed HAMT entries: key and value of entry i are `lengths[2i]` and `lengths[2i + 1]` bytes long. */
export class HamtEntries implements Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
  readonly keys: Uint8Array
  readonly values: Uint8Array
  readonly lengths: Uint32Array

  constructor(keys: Uint8Array, values: Uint8Array, lengths: Uint32Array) {
    this.keys = keys
    this.values = values
    this.lengths = lengths
  }

  get size(): number {
    return this.lengths.length / 2
  }

  *[Symbol.iterator](): Generator<readonly [key: Uint8Array, value: Uint8Array]> {
    let key = 0
    let value = 0
    for (let i = 0; i < this.lengths.length; i += 2) {
      const keyEnd = key + (this.lengths[i] as number)
      const valueEnd = value + (this.lengths[i + 1] as number)
      yield [this.keys.subarray(key, keyEnd), this.values.subarray(value, valueEnd)]
      key = keyEnd
      value = valueEnd
    }
  }
}

/** Packed AMT entries in ascending order of index; values are raw CBOR. */
export class AmtEntries implements Iterable<readonly [index: bigint, value: Uint8Array]> {
  readonly indexes: BigUint64Array
  readonly values: Uint8Array
  readonly lengths: Uint32Array

  constructor(indexes: BigUint64Array, values: Uint8Array, lengths: Uint32Array) {
    this.indexes = indexes
    this.values = values
    this.lengths = lengths
  }

  get size(): number {
    return this.indexes.length
  }

  *[Symbol.iterator](): Generator<readonly [index: bigint, value: Uint8Array]> {
    let at = 0
    for (const [i, index] of this.indexes.entries()) {
      const end = at + (this.lengths[i] as number)
      yield [index, this.values.subarray(at, end)]
      at = end
    }
  }
}

type GetBlock = (cid: Uint8Array) => Uint8Array | undefined

/**
 * Every entry of a HAMT (the form of network version 10 and later: go-hamt-ipld v3, sha2-256, buckets of 3), in the order of
 * its nodes; values are raw CBOR. Synchronous; asks the process-wide block cache first, then `getBlock`.
 * @throws NATIVE_IPLD for a node that breaks a rule or a limit passed, NATIVE_IPLD_MISSING for a block not in the store
 */
export function hamtEntries(root: Uint8Array, bitWidth: number, getBlock: GetBlock, limits: WalkLimits = {}): HamtEntries {
  const { maxEntries = DEFAULT_MAX_ENTRIES, maxBytes = DEFAULT_MAX_BYTES } = limits
  const found = nativeCall(() => addon().hamtEntries(root, bitWidth, { getBlock }, maxEntries, maxBytes))
  return new HamtEntries(found.keys, found.values, found.lengths)
}

/**
 * Every entry of an AMT. Version 3 roots carry their bit width, which must be `bitWidth` where that is given; version 0
 * (messages, receipts) has the fixed width 3. Synchronous; asks the process-wide block cache first, then `getBlock`.
 * @throws NATIVE_IPLD, NATIVE_IPLD_MISSING as `hamtEntries`
 */
export function amtEntries(
  root: Uint8Array,
  form: { readonly version: 0 | 3; readonly bitWidth?: number },
  getBlock: GetBlock,
  limits: WalkLimits = {},
): AmtEntries {
  const { maxEntries = DEFAULT_MAX_ENTRIES, maxBytes = DEFAULT_MAX_BYTES } = limits
  const found = nativeCall(() => addon().amtEntries(root, form.version, form.bitWidth ?? 0, { getBlock }, maxEntries, maxBytes))
  return new AmtEntries(found.indexes, found.values, found.lengths)
}
