import { CarError } from './errors.ts'

/** Where bytes come from, one chunk after the other. */
export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Pulls bytes out of a stream of chunks in the pieces that a parser wants. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #buffer: Uint8Array = new Uint8Array(0)
  #ended = false
  #position = 0

  constructor(bytes: Bytes) {
    this.#chunks = Symbol.asyncIterator in bytes ? bytes[Symbol.asyncIterator]() : bytes[Symbol.iterator]()
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#position
  }

  async #more(): Promise<Uint8Array | undefined> {
    while (!this.#ended) {
      const { value, done } = await this.#chunks.next()
      if (done === true) this.#ended = true
      else if (value.length > 0) return value
    }
    return undefined
  }

  /** Up to `length` bytes without taking them; fewer only at the end of the stream. A view. */
  async peek(length: number): Promise<Uint8Array> {
    if (this.#buffer.length < length) {
      const parts = [this.#buffer]
      let have = this.#buffer.length
      while (have < length) {
        const chunk = await this.#more()
        if (chunk === undefined) break
        parts.push(chunk)
        have += chunk.length
      }
      this.#buffer = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts, have)
    }
    return this.#buffer.subarray(0, length)
  }

  /** Exactly `length` bytes. @throws CarError CAR_TRUNCATED */
  async take(length: number): Promise<Uint8Array> {
    const out = await this.peek(length)
    if (out.length < length) truncated(this.#position + out.length)
    this.skip(length)
    return out
  }

  /** Passes over bytes that `peek` has shown. */
  skip(length: number): void {
    this.#buffer = this.#buffer.subarray(length)
    this.#position += length
  }

  /** The next bytes as they come, at most `max`; undefined at the end. */
  async some(max: number): Promise<Uint8Array | undefined> {
    if (this.#buffer.length === 0) this.#buffer = (await this.#more()) ?? this.#buffer
    if (this.#buffer.length === 0) return undefined
    const out = this.#buffer.subarray(0, max)
    this.skip(out.length)
    return out
  }

  /** Passes over `length` bytes. @throws CarError CAR_TRUNCATED */
  async drop(length: number): Promise<void> {
    let left = length
    while (left > 0) {
      const got = await this.some(left)
      if (got === undefined) truncated(this.#position)
      left -= got.length
    }
  }

  /** Lets the producer go. */
  async close(): Promise<void> {
    this.#ended = true
    await this.#chunks.return?.()
  }
}

export function truncated(offset: number): never {
  throw new CarError('CAR_TRUNCATED', `the CAR file ends too early, at byte ${offset}`, {
    fields: { offset },
    hint: 'The file was cut off; fetch it again.',
  })
}
