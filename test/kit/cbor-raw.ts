// CBOR by hand, right or wrong: what an encoder would never write.

/** A head with its argument in as few bytes as it takes, or in `width` bytes. */
export function head(major: number, value: number | bigint, width?: 1 | 2 | 4 | 8): Uint8Array {
  const v = BigInt(value)
  const bytes = width ?? (v < 24n ? 0 : v < 0x100n ? 1 : v < 0x10000n ? 2 : v < 0x1_0000_0000n ? 4 : 8)
  if (bytes === 0) return Uint8Array.of((major << 5) | Number(v))
  const out = new Uint8Array(1 + bytes)
  out[0] = (major << 5) | (24 + Math.log2(bytes))
  for (let i = 0; i < bytes; i++) out[1 + i] = Number((v >> BigInt(8 * (bytes - 1 - i))) & 0xffn)
  return out
}

export const raw = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)
export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
export const uint = (v: number | bigint): Uint8Array => head(0, v)
/** A negative integer: -1 - v. */
export const negative = (v: number | bigint): Uint8Array => head(1, v)
export const bytes = (v: Uint8Array): Uint8Array => raw(head(2, v.length), v)
export const text = (v: string): Uint8Array => raw(head(3, Buffer.byteLength(v)), Buffer.from(v))
export const array = (...items: readonly Uint8Array[]): Uint8Array => raw(head(4, items.length), ...items)
export const map = (...pairs: readonly Uint8Array[]): Uint8Array => raw(head(5, pairs.length / 2), ...pairs)
export const link = (cid: Uint8Array): Uint8Array => raw(head(6, 42), bytes(raw(Uint8Array.of(0), cid)))
export const nil: Uint8Array = Uint8Array.of(0xf6)
/** A head that promises what does not come. */
export const promise = (major: number, length: number | bigint): Uint8Array => head(major, length)
/** A list in a list in a list, `depth` deep. */
export const nested = (depth: number): Uint8Array => raw(Buffer.alloc(depth, 0x81), uint(0))
/** Lists and maps by turns. */
export const alternating = (depth: number): Uint8Array =>
  raw(...Array.from({ length: depth }, (_, i) => (i % 2 === 0 ? hex('81') : hex('a16161'))), uint(0))
/** A list without a length, closed at its end. */
export const indefinite = (...items: readonly Uint8Array[]): Uint8Array => raw(hex('9f'), ...items, hex('ff'))
