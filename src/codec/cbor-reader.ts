import { CodecError } from './errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** What one decode may cost. The defaults are those of Lotus's generated readers (whyrusleeping/cbor-gen). */
export interface CborLimits {
  /** Longest byte or text string. cbor-gen's ByteArrayMaxLen. */
  readonly maxBytes: number
  /** Longest array or map. cbor-gen's MaxLength. */
  readonly maxItems: number
  /** Deepest nesting that a generic value may have. */
  readonly maxDepth: number
}

export const defaultLimits: CborLimits = { maxBytes: 2 << 20, maxItems: 8192, maxDepth: 128 }

/**
 * Reads strict canonical DAG-CBOR: shortest heads, definite lengths, no tag but 42, no `undefined`.
 * A declared length is checked against the bytes that remain before anything is allocated,
 * so that a bomb costs its own size and no more.
 */
export class CborReader {
  readonly #buf: Uint8Array
  readonly #view: DataView
  readonly limits: CborLimits
  #at: number

  constructor(bytes: Uint8Array, limits: CborLimits = defaultLimits) {
    // A Buffer's slice is a view: callers that copy with it would keep, and share, what they were read from.
    this.#buf = Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.limits = limits
    this.#at = 0
  }

  get offset(): number {
    return this.#at
  }

  get remaining(): number {
    return this.#buf.length - this.#at
  }

  fail(what: string): never {
    throw new CodecError('CODEC_CBOR', `${what} (at byte ${this.#at})`)
  }

  /** Refuses trailing bytes. */
  end(): void {
    if (this.#at !== this.#buf.length) this.fail(`${this.#buf.length - this.#at} bytes follow the value`)
  }

  /** The next byte without taking it; fails at the end. */
  peek(): number {
    const b = this.#buf[this.#at]
    if (b === undefined) this.fail('the input ends where a value should begin')
    return b
  }

  peekMajor(): number {
    return this.peek() >> 5
  }

  isNull(): boolean {
    return this.peek() === 0xf6
  }

  /** Takes a null when one comes next. */
  takeNull(): boolean {
    if (!this.isNull()) return false
    this.#at++
    return true
  }

  /** Reads a head of the major type wanted; its argument as a bigint only when it exceeds 2^53-1. */
  head(major: number, what: string): number | bigint {
    const first = this.peek()
    if (first >> 5 !== major) this.fail(`expected ${what}, found major type ${first >> 5}`)
    const info = first & 31
    this.#at++
    if (info < 24) return info
    switch (info) {
      case 24: {
        this.#need(1)
        const v = this.#buf[this.#at] as number
        this.#at += 1
        if (v < 24) this.fail('integer is not in its shortest form')
        return v
      }
      case 25: {
        this.#need(2)
        const v = this.#view.getUint16(this.#at)
        this.#at += 2
        if (v < 0x100) this.fail('integer is not in its shortest form')
        return v
      }
      case 26: {
        this.#need(4)
        const v = this.#view.getUint32(this.#at)
        this.#at += 4
        if (v < 0x10000) this.fail('integer is not in its shortest form')
        return v
      }
      case 27: {
        this.#need(8)
        const v = this.#view.getBigUint64(this.#at)
        this.#at += 8
        if (v < 0x1_0000_0000n) this.fail('integer is not in its shortest form')
        return v <= 0x1f_ffff_ffff_ffffn ? Number(v) : v
      }
      case 31:
        return this.fail('indefinite lengths are not allowed')
      default:
        return this.fail(`reserved head ${info}`)
    }
  }

  #need(n: number): void {
    if (this.#buf.length - this.#at < n) this.fail('the input ends inside a value')
  }

  /** Unsigned integer, 0 … 2^64-1. */
  uint(): bigint {
    return BigInt(this.head(0, 'an unsigned integer'))
  }

  /** Signed integer within int64, as Go's int64 holds it. */
  int64(): bigint {
    const major = this.peekMajor()
    if (major === 0) {
      const v = BigInt(this.head(0, 'an integer'))
      if (v > 0x7fff_ffff_ffff_ffffn) this.fail(`${v} does not fit a signed 64-bit integer`)
      return v
    }
    const v = BigInt(this.head(1, 'an integer'))
    if (v > 0x7fff_ffff_ffff_ffffn) this.fail(`-${v}-1 does not fit a signed 64-bit integer`)
    return -1n - v
  }

  /** Signed integer that JavaScript holds exactly; larger ones are refused. */
  safeInt(): number {
    const negative = this.peekMajor() === 1
    const v = this.head(negative ? 1 : 0, 'an integer')
    if (typeof v === 'bigint') this.fail(`${v} is too large for this field`)
    const n = v as number
    if (negative && n === Number.MAX_SAFE_INTEGER) this.fail(`-${n}-1 is too large for this field`)
    return negative ? -1 - n : n
  }

  /** Byte string; a view into the input, not a copy. */
  bytes(max: number = this.limits.maxBytes): Uint8Array {
    const n = this.head(2, 'a byte string')
    if (typeof n === 'bigint' || n > max) this.fail(`a byte string of ${n} bytes is longer than the limit of ${max}`)
    this.#need(n as number)
    const at = this.#at
    this.#at += n as number
    return this.#buf.subarray(at, this.#at)
  }

  text(max: number = this.limits.maxBytes): string {
    const raw = this.textBytes(max)
    try {
      return utf8.decode(raw)
    } catch {
      return this.fail('a text string is not valid UTF-8')
    }
  }

  /** The UTF-8 bytes of a text string, not checked (deal labels of old market states need not be UTF-8). */
  textBytes(max: number = this.limits.maxBytes): Uint8Array {
    const n = this.head(3, 'a text string')
    if (typeof n === 'bigint' || n > max) this.fail(`a text string of ${n} bytes is longer than the limit of ${max}`)
    this.#need(n as number)
    const at = this.#at
    this.#at += n as number
    return this.#buf.subarray(at, this.#at)
  }

  array(max: number = this.limits.maxItems): number {
    return this.#count(4, 'an array', max)
  }

  map(max: number = this.limits.maxItems): number {
    return this.#count(5, 'a map', max)
  }

  #count(major: number, what: string, max: number): number {
    const n = this.head(major, what)
    if (typeof n === 'bigint' || n > max) this.fail(`${what} of ${n} entries is longer than the limit of ${max}`)
    // Each entry takes a byte at least: a length that the input cannot hold is refused before any loop starts.
    if ((n as number) > this.remaining) this.fail(`${what} of ${n} entries does not fit the ${this.remaining} bytes left`)
    return n as number
  }

  /** An array whose length the type fixes. */
  tuple(length: number, name: string): void {
    const n = this.head(4, `an array (${name})`)
    if (n !== length) this.fail(`${name} has ${length} fields, found ${n}`)
  }

  bool(): boolean {
    const b = this.peek()
    if (b !== 0xf4 && b !== 0xf5) this.fail('expected true or false')
    this.#at++
    return b === 0xf5
  }

  /** 64-bit float; DAG-CBOR has no shorter ones, no NaN and no infinities. */
  float64(): number {
    if (this.peek() !== 0xfb) this.fail('floats must take 64 bits')
    this.#at++
    this.#need(8)
    const v = this.#view.getFloat64(this.#at)
    this.#at += 8
    if (!Number.isFinite(v)) this.fail('NaN and infinities are not allowed')
    return v
  }

  /** The CID bytes of a link (tag 42), without the multibase prefix; their form is not checked here. */
  link(): Uint8Array {
    const tag = this.head(6, 'a link')
    if (tag !== 42) this.fail(`tag ${tag} is not allowed, only 42 (a link)`)
    const raw = this.bytes(512)
    if (raw.length < 2 || raw[0] !== 0) this.fail('a link must begin with the byte 0')
    return raw.subarray(1)
  }

  /** All bytes that are left, not looked at (a view): for what is not CBOR, or is not to be read. */
  rest(): Uint8Array {
    const at = this.#at
    this.#at = this.#buf.length
    return this.#buf.subarray(at)
  }

  /** Passes over one value of any kind, checking it, and returns its bytes (a view). */
  skip(): Uint8Array {
    const from = this.#at
    // How many values each open container still lacks: a stack of our own, so that nesting cannot exhaust the engine's.
    const left: number[] = []
    for (;;) {
      const items = this.#skipHead()
      if (items > 0) {
        left.push(items)
        if (left.length > this.limits.maxDepth) this.fail(`nesting is deeper than ${this.limits.maxDepth}`)
        continue
      }
      for (;;) {
        const n = left.pop()
        if (n === undefined) return this.#buf.subarray(from, this.#at)
        if (n > 1) {
          left.push(n - 1)
          break
        }
      }
    }
  }

  /** Takes one scalar, or the head of a container whose number of values it returns. */
  #skipHead(): number {
    const major = this.peekMajor()
    switch (major) {
      case 0:
      case 1:
        this.head(major, 'an integer')
        return 0
      case 2:
        this.bytes(Number.MAX_SAFE_INTEGER)
        return 0
      case 3:
        this.textBytes(Number.MAX_SAFE_INTEGER)
        return 0
      case 4:
        return this.#count(4, 'an array', Number.MAX_SAFE_INTEGER)
      case 5:
        return this.#count(5, 'a map', Number.MAX_SAFE_INTEGER) * 2
      case 6:
        this.link()
        return 0
      default:
        if (this.peek() === 0xfb) this.float64()
        else if (!this.takeNull()) this.bool()
        return 0
    }
  }
}
