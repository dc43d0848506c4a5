/** Division that rounds towards negative infinity, as Go's big.Int.Div does for a positive divisor. JavaScript's `/` truncates. */
export function divFloor(a: bigint, b: bigint): bigint {
  const q = a / b
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q
}

export function maxBigInt(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

export function minBigInt(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** Number of bits of a non-negative integer; 0 for 0. */
export function bitLength(v: bigint): number {
  if (v === 0n) return 0
  const hex = v.toString(16)
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] as string, 16)))
}
