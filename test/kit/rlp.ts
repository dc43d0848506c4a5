// RLP read, for tests that take Ethereum's vectors apart. Trusts what it reads.

import type { RlpItem } from '../../src/types/eth/rlp.ts'

function read(bytes: Uint8Array, at: number): { item: RlpItem; next: number } {
  const lead = bytes[at] as number
  if (lead < 0x80) return { item: bytes.subarray(at, at + 1), next: at + 1 }
  const isList = lead >= 0xc0
  const short = lead - (isList ? 0xc0 : 0x80)
  let start = at + 1
  let length = short
  if (short > 55) {
    start += short - 55
    length = Number(BigInt(`0x${Buffer.from(bytes.subarray(at + 1, start)).toString('hex')}`))
  }
  const end = start + length
  if (!isList) return { item: bytes.subarray(start, end), next: end }
  const items: RlpItem[] = []
  for (let i = start; i < end; ) {
    const { item, next } = read(bytes, i)
    items.push(item)
    i = next
  }
  return { item: items, next: end }
}

export function decodeRlp(bytes: Uint8Array): RlpItem {
  return read(bytes, 0).item
}
