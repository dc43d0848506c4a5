import { CodecError } from './errors.ts'

const textEncoder = new TextEncoder()
const TWO_32 = 0x1_0000_0000

/**
 * Appends canonical DAG-CBOR to a growing buffer: shortest heads, definite lengths, tag 42 for links.
 * Values are written as they come; the descriptors decide the order.
 */
export class CborWriter {
  #buf: Uint8Array
  #view: DataView
  #at = 0

  constructor(capacity = 256) {
    this.#buf = new Uint8Array(capacity)
    this.#view = new DataView(this.#buf.buffer)
  }

  #room(n: number): void {
    const need = this.#at + n
    if (need <= this.#buf.length) return
    const next = new Uint8Array(Math.max(need, this.#buf.length * 2))
    next.set(this.#buf.subarray(0, this.#at))
    this.#buf = next
    this.#view = new DataView(next.buffer)
  }

  /** Writes a head of `major` (0 to 7) with `value` in the fewest bytes. */
  head(major: number, value: number | bigint): void {
    this.#room(9)
    const top = major << 5
    if (typeof value === 'bigint') {
      if (value <= 0xffffffffn) {
        this.head(major, Number(value))
        return
      }
      this.#buf[this.#at] = top | 27
      this.#view.setBigUint64(this.#at + 1, value)
      this.#at += 9
      return
    }
    if (value < 24) {
      this.#buf[this.#at++] = top | value
    } else if (value < 0x100) {
      this.#buf[this.#at++] = top | 24
      this.#buf[this.#at++] = value
    } else if (value < 0x10000) {
      this.#buf[this.#at] = top | 25
      this.#view.setUint16(this.#at + 1, value)
      this.#at += 3
    } else if (value < TWO_32) {
      this.#buf[this.#at] = top | 26
      this.#view.setUint32(this.#at + 1, value)
      this.#at += 5
    } else {
      this.#buf[this.#at] = top | 27
      this.#view.setBigUint64(this.#at + 1, BigInt(value))
      this.#at += 9
    }
  }

  /** A signed integer; `value` must lie in -2^64 … 2^64-1. */
  int(value: number | bigint): void {
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value))
        throw new CodecError('CODEC_VALUE', `${value} is not an integer that JavaScript holds exactly`)
      if (value >= 0) this.head(0, value)
      else this.head(1, -1 - value)
      return
    }
    if (value >= 0n) this.head(0, value)
    else this.head(1, -1n - value)
  }

  bytes(value: Uint8Array): void {
    this.head(2, value.length)
    this.raw(value)
  }

  text(value: string): void {
    const utf8 = textEncoder.encode(value)
    this.head(3, utf8.length)
    this.raw(utf8)
  }

  array(length: number): void {
    this.head(4, length)
  }

  map(length: number): void {
    this.head(5, length)
  }

  bool(value: boolean): void {
    this.#room(1)
    this.#buf[this.#at++] = value ? 0xf5 : 0xf4
  }

  null(): void {
    this.#room(1)
    this.#buf[this.#at++] = 0xf6
  }

  /** A link: tag 42 over the CID's bytes with the identity multibase prefix 0x00. */
  link(cid: Uint8Array): void {
    this.head(6, 42)
    this.head(2, cid.length + 1)
    this.#room(1)
    this.#buf[this.#at++] = 0
    this.raw(cid)
  }

  /** A 64-bit float, as DAG-CBOR always writes floats. */
  float64(value: number): void {
    this.#room(9)
    this.#buf[this.#at] = 0xfb
    this.#view.setFloat64(this.#at + 1, value)
    this.#at += 9
  }

  /** Bytes that are CBOR already (or the payload of a head written before). */
  raw(value: Uint8Array): void {
    this.#room(value.length)
    this.#buf.set(value, this.#at)
    this.#at += value.length
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#buf.slice(0, this.#at)
  }
}
