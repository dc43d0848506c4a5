import { CodecError } from '../codec/errors.ts'

/** Bytes that a value takes as an unsigned LEB128 varint. */
export function varintLength(value: bigint): number {
  let n = 1
  for (let v = value >> 7n; v > 0n; v >>= 7n) n++
  return n
}

/** Writes a varint at `at`; returns the offset after it. */
export function writeVarint(out: Uint8Array, at: number, value: bigint): number {
  let v = value
  let i = at
  while (v >= 0x80n) {
    out[i++] = Number(v & 0x7fn) | 0x80
    v >>= 7n
  }
  out[i++] = Number(v)
  return i
}

/**
 * Reads an unsigned varint of at most 64 bits in its shortest form (multiformats/unsigned-varint).
 * @throws CodecError CODEC_VALUE
 */
export function readVarint(bytes: Uint8Array, at: number): { readonly value: bigint; readonly next: number } {
  let value = 0n
  let shift = 0n
  for (let i = at; ; i++) {
    const b = bytes[i]
    if (b === undefined) throw new CodecError('CODEC_VALUE', 'a varint ends early')
    if (i - at === 9 && b > 1) throw new CodecError('CODEC_VALUE', 'a varint exceeds 64 bits')
    value |= BigInt(b & 0x7f) << shift
    if (b < 0x80) {
      if (b === 0 && i > at) throw new CodecError('CODEC_VALUE', 'a varint is not in its shortest form')
      return { value, next: i + 1 }
    }
    shift += 7n
  }
}
