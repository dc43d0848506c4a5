import type { Codec } from '../codec/codec.ts'
import { CodecError } from '../codec/errors.ts'
import { jsonFail, jsonInteger } from '../codec/json.ts'
import { readVarint, varintLength, writeVarint } from './varint.ts'

/** Longest encoded bitfield that is read (go-bitfield MaxEncodedSize, 32 KiB). */
const MAX_ENCODED = 32 << 10
const MAX_BIT = 0xffff_ffff_ffff_ffffn

/** A run of set bits: from `start`, `length` of them. */
export interface BitRun {
  readonly start: bigint
  readonly length: bigint
}

/** A set of unsigned integers (sector or partition numbers) held as runs; immutable. */
export class BitField {
  /** Ascending, never touching each other. */
  readonly runs: readonly BitRun[]

  private constructor(runs: readonly BitRun[]) {
    this.runs = runs
  }

  static readonly empty = new BitField([])

  static fromRuns(runs: Iterable<BitRun>): BitField {
    return new BitField(normalise([...runs]))
  }

  static of(bits: Iterable<bigint | number>): BitField {
    const runs: BitRun[] = []
    for (const b of bits) runs.push({ start: BigInt(b), length: 1n })
    return new BitField(normalise(runs))
  }

  get isEmpty(): boolean {
    return this.runs.length === 0
  }

  /** Number of set bits. */
  get count(): bigint {
    let n = 0n
    for (const r of this.runs) n += r.length
    return n
  }

  has(bit: bigint | number): boolean {
    const b = BigInt(bit)
    let lo = 0
    let hi = this.runs.length - 1
    while (lo <= hi) {
      const mid = (lo + hi) >> 1
      const r = this.runs[mid] as BitRun
      if (b < r.start) hi = mid - 1
      else if (b >= r.start + r.length) lo = mid + 1
      else return true
    }
    return false
  }

  /** The set bits in ascending order. Bound what you take: a hostile field may hold 2^63 of them in a few bytes. */
  *[Symbol.iterator](): Generator<bigint> {
    for (const r of this.runs) for (let b = r.start; b < r.start + r.length; b++) yield b
  }

  /**
   * All set bits.
   * @throws CodecError CODEC_VALUE when there are more than `max`
   */
  toArray(max: number): bigint[] {
    if (this.count > BigInt(max)) throw new CodecError('CODEC_VALUE', `the bitfield has ${this.count} bits set, more than ${max}`)
    return [...this]
  }

  /** The bit with `index` set bits before it, undefined past the end. */
  nth(index: bigint): bigint | undefined {
    let left = index
    for (const r of this.runs) {
      if (left < r.length) return r.start + left
      left -= r.length
    }
    return undefined
  }

  union(...others: readonly BitField[]): BitField {
    return new BitField(normalise([...this.runs, ...others.flatMap((o) => o.runs)]))
  }

  /** Bits of this field that are not in the other. */
  subtract(other: BitField): BitField {
    const out: BitRun[] = []
    let j = 0
    for (const r of this.runs) {
      let start = r.start
      const end = r.start + r.length
      while (j < other.runs.length && (other.runs[j] as BitRun).start + (other.runs[j] as BitRun).length <= start) j++
      for (let k = j; k < other.runs.length && start < end; k++) {
        const o = other.runs[k] as BitRun
        if (o.start >= end) break
        if (o.start > start) out.push({ start, length: o.start - start })
        const oEnd = o.start + o.length
        if (oEnd > start) start = oEnd
      }
      if (start < end) out.push({ start, length: end - start })
    }
    return new BitField(out)
  }

  intersect(other: BitField): BitField {
    return this.subtract(this.subtract(other))
  }

  /** RLE+ bytes (spec: RLE+ bitset encoding): version 0, first bit's value, then runs in 1, 6 or more bits. */
  toBytes(): Uint8Array {
    if (this.isEmpty) return new Uint8Array(0)
    const w = new BitWriter()
    w.put(0, 2)
    const first = this.runs[0] as BitRun
    w.put(first.start === 0n ? 1 : 0, 1)
    let at = 0n
    for (const r of this.runs) {
      if (r.start > at) w.run(r.start - at)
      w.run(r.length)
      at = r.start + r.length
    }
    return w.finish()
  }

  /**
   * Strict as go-bitfield and fvm_ipld_bitfield: minimal run encodings, no zero runs, sum of lengths within 64 bits.
   * @throws CodecError CODEC_CBOR
   */
  static fromBytes(bytes: Uint8Array): BitField {
    if (bytes.length > MAX_ENCODED)
      throw new CodecError('CODEC_CBOR', `a bitfield of ${bytes.length} bytes is longer than ${MAX_ENCODED}`)
    if (bytes.length === 0) return BitField.empty
    if (bytes[bytes.length - 1] === 0) throw new CodecError('CODEC_CBOR', 'a bitfield may not end in a zero byte')
    const r = new BitReader(bytes)
    if (r.take(2) !== 0) throw new CodecError('CODEC_CBOR', 'unknown bitfield version')
    let set = r.take(1) === 1
    let at = 0n
    const runs: BitRun[] = []
    for (;;) {
      const length = r.run()
      if (length === undefined) break
      if (at + length > MAX_BIT) throw new CodecError('CODEC_CBOR', 'a bitfield exceeds 64 bits')
      if (set) runs.push({ start: at, length })
      at += length
      set = !set
    }
    return new BitField(runs)
  }
}

function normalise(runs: BitRun[]): BitRun[] {
  runs.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  const out: BitRun[] = []
  for (const r of runs) {
    if (r.length === 0n) continue
    const last = out[out.length - 1]
    if (last !== undefined && r.start <= last.start + last.length) {
      const end = r.start + r.length
      if (end > last.start + last.length) out[out.length - 1] = { start: last.start, length: end - last.start }
    } else out.push(r)
  }
  return out
}

class BitWriter {
  readonly #out: number[] = []
  #acc = 0
  #bits = 0

  put(value: number, bits: number): void {
    this.#acc |= value << this.#bits
    this.#bits += bits
    while (this.#bits >= 8) {
      this.#out.push(this.#acc & 0xff)
      this.#acc >>>= 8
      this.#bits -= 8
    }
  }

  run(length: bigint): void {
    if (length === 1n) this.put(1, 1)
    else if (length < 16n) {
      this.put(2, 2)
      this.put(Number(length), 4)
    } else {
      this.put(0, 2)
      const v = new Uint8Array(varintLength(length))
      writeVarint(v, 0, length)
      for (const b of v) this.put(b, 8)
    }
  }

  finish(): Uint8Array {
    if (this.#bits > 0) this.#out.push(this.#acc & 0xff)
    while (this.#out.length > 0 && this.#out[this.#out.length - 1] === 0) this.#out.pop()
    return Uint8Array.from(this.#out)
  }
}

class BitReader {
  readonly #in: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#in = bytes
  }

  /** Bits past the end read as zero. */
  take(bits: number): number {
    let v = 0
    for (let i = 0; i < bits; i++) {
      const byte = this.#in[this.#at >> 3] ?? 0
      v |= ((byte >> (this.#at & 7)) & 1) << i
      this.#at++
    }
    return v
  }

  /** The next run's length, undefined at the end. */
  run(): bigint | undefined {
    if (this.#at >= this.#in.length * 8) return undefined
    if (this.take(1) === 1) return 1n
    if (this.take(1) === 1) {
      const n = this.take(4)
      if (n === 0) return this.#restIsZero()
      if (n === 1) throw new CodecError('CODEC_CBOR', 'a bitfield run is not in its shortest form')
      return BigInt(n)
    }
    if (this.#allZeroFrom()) return undefined
    const v: number[] = []
    for (;;) {
      if (v.length === 10) throw new CodecError('CODEC_CBOR', 'a bitfield run exceeds 64 bits')
      const b = this.take(8)
      v.push(b)
      if (b < 0x80) break
      if (this.#at >= this.#in.length * 8) throw new CodecError('CODEC_CBOR', 'a bitfield ends inside a run')
    }
    const { value } = readVarint(Uint8Array.from(v), 0)
    if (value < 16n) throw new CodecError('CODEC_CBOR', 'a bitfield run is not in its shortest form')
    return value
  }

  #allZeroFrom(): boolean {
    for (let i = this.#at; i < this.#in.length * 8; i++) if ((((this.#in[i >> 3] as number) >> (i & 7)) & 1) === 1) return false
    return true
  }

  #restIsZero(): undefined {
    throw new CodecError('CODEC_CBOR', 'a bitfield has a run of length zero')
  }
}

/** A byte string in CBOR; in JSON the lengths of alternating runs, beginning with unset bits (go-bitfield). */
export const bitfield: Codec<BitField> = {
  name: 'bitfield',
  write: (w, v) => w.bytes(v.toBytes()),
  read(r) {
    const b = r.bytes(MAX_ENCODED)
    try {
      return BitField.fromBytes(b)
    } catch (e) {
      return r.fail((e as Error).message)
    }
  },
  toJson(v) {
    // go-bitfield prints an empty field as [0].
    if (v.isEmpty) return [0]
    const out = []
    let at = 0n
    for (const run of v.runs) {
      out.push(jsonInteger(run.start - at), jsonInteger(run.length))
      at = run.start + run.length
    }
    return out
  },
  fromJson(json, path) {
    if (!Array.isArray(json)) return jsonFail(path, 'expected a list of run lengths')
    let at = 0n
    const runs: BitRun[] = []
    for (const [i, n] of json.entries()) {
      if (!(typeof n === 'bigint' || Number.isSafeInteger(n)) || n < 0) return jsonFail(`${path}[${i}]`, 'expected a run length')
      const length = BigInt(n)
      if (at + length > MAX_BIT) return jsonFail(path, 'the bitfield exceeds 64 bits')
      if (i % 2 === 1 && length > 0n) runs.push({ start: at, length })
      at += length
    }
    return BitField.fromRuns(runs)
  },
  schema: { title: 'bitfield', type: 'array', items: { type: 'number' } },
}
