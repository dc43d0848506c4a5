/**
 * Bytes that arrive in pieces of any size, kept in one buffer that doubles: a peer that sends single bytes costs what it
 * sent, not an object for each.
 */
export class ByteBuffer {
  #buf = new Uint8Array(256)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length
    if (needed > this.#buf.length) {
      const grown = new Uint8Array(Math.max(needed, this.#buf.length * 2))
      grown.set(this.#buf.subarray(0, this.#length))
      this.#buf = grown
    }
    this.#buf.set(chunk, this.#length)
    this.#length = needed
  }

  /** All bytes; the buffer is empty afterwards and does not touch them again. */
  take(): Uint8Array {
    const out = this.#buf.subarray(0, this.#length)
    this.#buf = new Uint8Array(256)
    this.#length = 0
    return out
  }
}
