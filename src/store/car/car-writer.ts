import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { CID } from '../../types/cid.ts'
import { varintLength, writeVarint } from '../../types/varint.ts'
import { CarError } from './errors.ts'
import { carHeader } from './header.ts'

/** Takes bytes in order; the promise settles when the next may come. The bytes belong to it from then on. */
export type ByteSink = (bytes: Uint8Array) => Promise<void>

/** Bytes gathered before the sink is called. */
const BUFFER_BYTES = 1 << 20

/** Writes a CARv1: the header, then one section for each block, waiting for a sink that is slower than the blocks come. */
export class CarWriter {
  readonly #sink: ByteSink
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  #used = 0
  #bytes = 0
  #blocks = 0

  constructor(sink: ByteSink, roots: readonly CID[]) {
    this.#sink = sink
    const header = carHeader(roots)
    this.#buffer.set(header)
    this.#used = header.length
    this.#bytes = header.length
  }

  /** Bytes given so far, the header among them. */
  get bytes(): number {
    return this.#bytes
  }

  get blocks(): number {
    return this.#blocks
  }

  /** Appends a block whose CID is given as bytes. */
  async write(cid: Uint8Array, data: Uint8Array): Promise<void> {
    const body = cid.length + data.length
    const head = this.#sectionHead(body)
    this.#blocks++
    if (head.length + body > BUFFER_BYTES - this.#used) await this.flush()
    if (head.length + body > BUFFER_BYTES) {
      this.#bytes += head.length + body
      await this.#sink(Buffer.concat([head, cid, data]))
      return
    }
    const at = this.#used
    this.#buffer.set(head, at)
    this.#buffer.set(cid, at + head.length)
    this.#buffer.set(data, at + head.length + cid.length)
    this.#used = at + head.length + body
    this.#bytes += head.length + body
  }

  /** Appends a block of any size, its data piece by piece. @throws CarError CAR_FORMAT when the pieces have another length */
  async writeStream(cid: Uint8Array, length: number, data: AsyncIterable<Uint8Array>): Promise<void> {
    await this.flush()
    await this.#sink(Buffer.concat([this.#sectionHead(cid.length + length), cid]))
    let left = length
    for await (const part of data) {
      left -= part.length
      if (left < 0) break
      await this.#sink(part)
    }
    if (left !== 0) throw new CarError('CAR_FORMAT', `a block of ${length} bytes turned out to have ${length - left}`)
    this.#bytes += varintLength(BigInt(cid.length + length)) + cid.length + length
    this.#blocks++
  }

  #sectionHead(body: number): Uint8Array {
    const head = new Uint8Array(varintLength(BigInt(body)))
    writeVarint(head, 0, BigInt(body))
    return head
  }

  /** Hands over what is gathered. */
  async flush(): Promise<void> {
    if (this.#used === 0) return
    const full = this.#buffer.subarray(0, this.#used)
    this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
    this.#used = 0
    await this.#sink(full)
  }
}

/** A sink that writes into a stream, waiting while the stream is full. The caller ends the stream. */
export function streamSink(stream: Writable): ByteSink {
  let failed: unknown
  stream.on('error', (e) => {
    failed = e
  })
  return async (bytes) => {
    if (failed !== undefined) throw failed
    if (!stream.write(bytes)) await once(stream, 'drain')
  }
}
