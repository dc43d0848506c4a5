import { NetError } from '../errors.ts'

const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5

/** Reads protobuf fields one after another; unknown ones can be passed over. Lengths are checked before anything is taken. */
export class ProtoReader {
  readonly #buf: Uint8Array
  #at = 0
  #wire = 0

  constructor(bytes: Uint8Array) {
    this.#buf = bytes
  }

  /** The number of the next field; undefined at the end. Its value must be taken or skipped before the next call. */
  next(): number | undefined {
    if (this.#at === this.#buf.length) return undefined
    const key = this.#readVarint()
    this.#wire = key & 7
    return Math.floor(key / 8)
  }

  /** An integer; one beyond 2^53 loses its low bits, which no field of ours has. */
  varint(): number {
    if (this.#wire !== VARINT) this.#fail('a field is not an integer')
    return this.#readVarint()
  }

  /** A view into the input. */
  bytes(): Uint8Array {
    if (this.#wire !== LENGTH) this.#fail('a field is not a byte string')
    const n = this.#readVarint()
    if (n > this.#buf.length - this.#at) this.#fail('a byte string ends after the message')
    this.#at += n
    return this.#buf.subarray(this.#at - n, this.#at)
  }

  skip(): void {
    if (this.#wire === VARINT) this.#readVarint()
    else if (this.#wire === LENGTH) this.bytes()
    else if (this.#wire === FIXED64) this.#pass(8)
    else if (this.#wire === FIXED32) this.#pass(4)
    else this.#fail(`wire type ${this.#wire} is not known`)
  }

  #pass(n: number): void {
    if (n > this.#buf.length - this.#at) this.#fail('a number ends after the message')
    this.#at += n
  }

  #readVarint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      const b = this.#buf[this.#at]
      if (b === undefined) this.#fail('an integer ends after the message')
      this.#at++
      value += ((b as number) & 0x7f) * scale
      if ((b as number) < 0x80) return value
      scale *= 128
    }
    return this.#fail('an integer is longer than 10 bytes')
  }

  #fail(what: string): never {
    throw new NetError('NET_PROTOCOL', `a bitswap message cannot be read: ${what}`)
  }
}

export class ProtoWriter {
  readonly #parts: Uint8Array[] = []

  varint(field: number, value: number): void {
    this.#parts.push(uvarint(field * 8 + VARINT), uvarint(value))
  }

  bytes(field: number, value: Uint8Array): void {
    this.#parts.push(uvarint(field * 8 + LENGTH), uvarint(value.length), value)
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts)
  }
}

/** @param value below 2^53 */
export function uvarint(value: number): Uint8Array {
  const out: number[] = []
  let v = value
  while (v >= 0x80) {
    out.push((v % 128) | 0x80)
    v = Math.floor(v / 128)
  }
  out.push(v)
  return Uint8Array.from(out)
}
