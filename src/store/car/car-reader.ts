import { createHash } from 'node:crypto'
import { blake2b as incrementalBlake2b } from '@noble/hashes/blake2.js'
import { BLAKE2B_256, type CID, cidFromBytes, SHA2_256 } from '../../types/cid.ts'
import type { Block } from '../blockstore.ts'
import { ByteSource, type Bytes, truncated } from './byte-source.ts'
import { CarError } from './errors.ts'
import { MAX_HEADER_BYTES, parseCarHeader } from './header.ts'
import { scanInBackground } from './native-scan.ts'
import { badHash, cidLengthAt, MAX_SECTION_BYTES, type ScanResult, scanSections } from './scan.ts'

/** Bytes that are scanned at once. */
const BATCH_BYTES = 4 << 20
const V2_HEADER_BYTES = 40
const MAX_VARINT = 8

/** Whole sections that lie one after the other, as they stood in the file. */
export interface CarBatch extends ScanResult {
  readonly bytes: Uint8Array
}

export interface CarReadOptions {
  /** Hash every block; on unless the bytes are trusted. */
  readonly verify?: boolean
  readonly signal?: AbortSignal | undefined
  /** Bytes that one section may have. */
  readonly maxSection?: number
}

interface Step {
  readonly batch: CarBatch
  readonly rest: Uint8Array
  readonly want: number
}

/** Finds sections in a chunk; the addon's works off the JavaScript thread. */
export type Scanner = (
  chunk: Uint8Array,
  options: { verify: boolean; maxBlock: number },
  offset: number,
) => ScanResult | Promise<ScanResult>

/**
 * Reads a CAR file (version 1, or the payload of version 2) as a stream, in memory that does not depend on its size.
 * Section for section with `next` and `stream`, or in bulk with `batches`; the latter only once, and as the last.
 */
export class CarReader {
  readonly version: 1 | 2
  readonly roots: readonly CID[]
  readonly #source: ByteSource
  readonly #verify: boolean
  readonly #maxSection: number
  readonly #signal: AbortSignal | undefined
  /** Where the payload ends; Infinity for version 1. */
  readonly #end: number

  private constructor(
    source: ByteSource,
    header: { version: 1 | 2; roots: readonly CID[] },
    end: number,
    options: CarReadOptions,
  ) {
    this.version = header.version
    this.roots = header.roots
    this.#source = source
    this.#end = end
    this.#verify = options.verify ?? true
    this.#maxSection = options.maxSection ?? MAX_SECTION_BYTES
    this.#signal = options.signal
  }

  /** Reads the header. @throws CarError */
  static async open(bytes: Bytes, options: CarReadOptions = {}): Promise<CarReader> {
    const source = new ByteSource(bytes)
    try {
      let header = parseCarHeader(await headerBody(source))
      let end = Number.POSITIVE_INFINITY
      if (header.version === 2) {
        end = await enterPayload(source)
        header = { version: 2, roots: innerHeader(parseCarHeader(await headerBody(source))) }
      }
      return new CarReader(source, header, end, options)
    } catch (e) {
      await source.close()
      throw e
    }
  }

  /** Bytes of the file read so far (after decompression). */
  get position(): number {
    return this.#source.position
  }

  /** The next section's CID and the length of its data, without taking it; undefined at the end. */
  async peek(): Promise<{ readonly cid: CID; readonly dataLength: number; readonly headLength: number } | undefined> {
    const left = this.#end - this.#source.position
    if (left <= 0) return undefined
    const head = await this.#source.peek(Math.min(MAX_VARINT + 160, left))
    if (head.length === 0) {
      if (this.#end !== Number.POSITIVE_INFINITY) truncated(this.#source.position)
      return undefined
    }
    const { value: length, next } = sectionLength(head, this.#source.position)
    const cidLength = cidLengthAt(head, next, Math.min(head.length, next + length), this.#source.position)
    return {
      cid: cidFromBytes(head.slice(next, next + cidLength)),
      dataLength: length - cidLength,
      headLength: next + cidLength,
    }
  }

  /** The next block, undefined at the end. @throws CarError */
  async next(): Promise<Block | undefined> {
    this.#signal?.throwIfAborted()
    const head = await this.peek()
    if (head === undefined) return undefined
    const total = head.headLength + head.dataLength
    if (total > this.#maxSection) tooLong(total, this.#maxSection, this.#source.position)
    const at = this.#source.position
    const section = await this.#source.take(total)
    scanSections(section, { verify: this.#verify, maxBlock: this.#maxSection }, at)
    return { cid: head.cid, data: section.slice(head.headLength) }
  }

  /**
   * Hands the next block's data to `sink` piece by piece: for the one block of a snapshot that may be larger than a section's
   * limit. Its hash is compared at the end; the caller throws away what it wrote when this rejects.
   */
  async stream(maxBytes: number, sink: (part: Uint8Array) => Promise<void> | void): Promise<CID> {
    const head = await this.peek()
    if (head === undefined) return truncated(this.#source.position)
    if (head.dataLength > maxBytes) tooLong(head.dataLength, maxBytes, this.#source.position)
    const at = this.#source.position
    await this.#source.drop(head.headLength)
    const code = head.cid.multihash.code
    if (code !== BLAKE2B_256 && code !== SHA2_256)
      throw new CarError('CAR_FORMAT', `block ${head.cid} is addressed by a hash that cannot be streamed`)
    const hash = code === SHA2_256 ? createHash('sha256') : incrementalBlake2b.create({ dkLen: 32 })
    let left = head.dataLength
    while (left > 0) {
      this.#signal?.throwIfAborted()
      const part = await this.#source.some(left)
      if (part === undefined) return truncated(this.#source.position)
      left -= part.length
      hash.update(part)
      await sink(part)
    }
    if (this.#verify && Buffer.compare(hash.digest(), head.cid.multihash.digest) !== 0) badHash(head.cid, at)
    return head.cid
  }

  /**
   * The rest of the file in batches of whole sections, about 4 MiB each. The bytes of a batch belong to the caller.
   * @throws CarError
   */
  async *batches(scan: Scanner = scanInBackground): AsyncGenerator<CarBatch, void, undefined> {
    try {
      let ahead = this.#step(scan, new Uint8Array(0), BATCH_BYTES)
      for (;;) {
        const step = await ahead
        if (step === undefined) return
        // The next piece is read and hashed while the caller works on this one.
        ahead = this.#step(scan, step.rest, step.want)
        ahead.catch(() => {})
        if (step.batch.consumed > 0) yield step.batch
      }
    } finally {
      await this.close()
    }
  }

  /** Reads and scans one piece; `rest` is the beginning of a section that the piece before did not hold whole. */
  async #step(scan: Scanner, rest: Uint8Array, want: number): Promise<Step | undefined> {
    this.#signal?.throwIfAborted()
    const start = this.#source.position - rest.length
    const { chunk, ended } = await this.#fill(rest, want)
    if (chunk.length === 0) {
      if (this.#end !== Number.POSITIVE_INFINITY && start < this.#end) truncated(start)
      return undefined
    }
    const { consumed, entries } = await scan(chunk, { verify: this.#verify, maxBlock: this.#maxSection }, start)
    if (ended && consumed < chunk.length) truncated(start + chunk.length)
    return {
      batch: { bytes: chunk.subarray(0, consumed), consumed, entries },
      rest: chunk.subarray(consumed),
      // A section longer than the piece: read on until it is whole, up to its limit.
      want: consumed > 0 ? BATCH_BYTES : Math.max(want, chunk.length) * 2,
    }
  }

  /** One block after the other: for small files. */
  async *blocks(): AsyncGenerator<Block, void, undefined> {
    for await (const batch of this.batches()) yield* batchBlocks(batch)
  }

  async #fill(rest: Uint8Array, want: number): Promise<{ chunk: Uint8Array; ended: boolean }> {
    const left = this.#end - this.#source.position
    const size = Math.max(rest.length + 1, Math.min(want, rest.length + left))
    const chunk = Buffer.allocUnsafeSlow(size)
    chunk.set(rest)
    let have = rest.length
    let ended = false
    while (have < size) {
      const room = Math.min(size - have, this.#end - this.#source.position)
      const part = room > 0 ? await this.#source.some(room) : undefined
      if (part === undefined) {
        ended = true
        break
      }
      chunk.set(part, have)
      have += part.length
    }
    return { chunk: chunk.subarray(0, have), ended }
  }

  async close(): Promise<void> {
    await this.#source.close()
  }
}

/** The blocks of a batch, as views into it. */
export function* batchBlocks(batch: CarBatch): IterableIterator<Block> {
  const { bytes, entries } = batch
  for (let i = 0; i < entries.length; i += 4) {
    const cidAt = entries[i] as number
    const dataAt = entries[i + 2] as number
    yield {
      cid: cidFromBytes(bytes.slice(cidAt, cidAt + (entries[i + 1] as number))),
      data: bytes.subarray(dataAt, dataAt + (entries[i + 3] as number)),
    }
  }
}

async function headerBody(source: ByteSource): Promise<Uint8Array> {
  const start = source.position
  const head = await source.peek(MAX_VARINT)
  if (head.length === 0) throw new CarError('CAR_TRUNCATED', 'the CAR file is empty', { fields: { offset: start } })
  const { value, next } = sectionLength(head, start)
  if (value > MAX_HEADER_BYTES) tooLong(value, MAX_HEADER_BYTES, start)
  source.skip(next)
  return source.take(value)
}

function sectionLength(head: Uint8Array, offset: number): { value: number; next: number } {
  let value = 0
  let scale = 1
  for (let i = 0; i < MAX_VARINT; i++) {
    const b = head[i]
    if (b === undefined) return truncated(offset + head.length)
    value += (b & 0x7f) * scale
    if (b < 0x80) {
      if (value === 0) throw new CarError('CAR_FORMAT', `the CAR file is damaged at byte ${offset}: a section has no bytes`)
      return { value, next: i + 1 }
    }
    scale *= 128
  }
  throw new CarError('CAR_FORMAT', `the CAR file is damaged at byte ${offset}: the length of a section is malformed`)
}

function tooLong(bytes: number, max: number, offset: number): never {
  throw new CarError('CAR_FORMAT', `the CAR file declares ${bytes} bytes at byte ${offset}, more than the limit of ${max}`)
}

/** Version 2: its fixed header says where the payload lies; an index behind it is not needed. Returns the payload's end. */
async function enterPayload(source: ByteSource): Promise<number> {
  const fixed = await source.take(V2_HEADER_BYTES)
  const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.byteLength)
  const dataOffset = Number(view.getBigUint64(16, true))
  const dataSize = Number(view.getBigUint64(24, true))
  const here = source.position
  if (!Number.isSafeInteger(dataOffset + dataSize) || dataOffset < here || dataSize === 0)
    throw new CarError(
      'CAR_FORMAT',
      `the CARv2 header places the data at byte ${dataOffset} with ${dataSize} bytes, which cannot be`,
    )
  await source.drop(dataOffset - here)
  return dataOffset + dataSize
}

function innerHeader(header: { version: 1 | 2; roots: readonly CID[] }): readonly CID[] {
  if (header.version !== 1) throw new CarError('CAR_FORMAT', 'the payload of a CARv2 file must be a CARv1')
  return header.roots
}
