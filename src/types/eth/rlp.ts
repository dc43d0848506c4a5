/** What RLP knows: byte strings and lists of such. */
export type RlpItem = Uint8Array | readonly RlpItem[]

const EMPTY = new Uint8Array(0)

/** The shortest big-endian bytes of a number, none for 0: how RLP writes quantities. */
export function quantity(value: bigint): Uint8Array {
  if (value < 0n) throw new RangeError(`RLP has no negative numbers: ${value}`)
  if (value === 0n) return EMPTY
  const hex = value.toString(16)
  return new Uint8Array(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
}

function head(short: number, long: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(short + length)
  const size = quantity(BigInt(length))
  return Uint8Array.of(long + size.length, ...size)
}

/** Recursive length prefix (Ethereum yellow paper, appendix B). */
export function encodeRlp(item: RlpItem): Uint8Array {
  if (item instanceof Uint8Array) {
    if (item.length === 1 && (item[0] as number) < 0x80) return item
    return Buffer.concat([head(0x80, 0xb7, item.length), item])
  }
  const body = Buffer.concat(item.map(encodeRlp))
  return Buffer.concat([head(0xc0, 0xf7, body.length), body])
}
