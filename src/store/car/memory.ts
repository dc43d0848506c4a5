import { cidFromBytes } from '../../types/cid.ts'
import { readVarint } from '../../types/varint.ts'
import type { Block } from '../blockstore.ts'
import { CarError } from './errors.ts'
import { type CarHeader, MAX_HEADER_BYTES, parseCarHeader } from './header.ts'
import { MAX_SECTION_BYTES, scanSections } from './scan.ts'

/** The header of a CARv1 that is in memory, and where its sections begin. @throws CarError */
export function readCarHeaderBytes(bytes: Uint8Array): CarHeader & { readonly next: number } {
  let length: bigint
  let from: number
  try {
    const { value, next } = readVarint(bytes, 0)
    length = value
    from = next
  } catch (cause) {
    throw new CarError('CAR_FORMAT', 'this is no CAR file: its header has no length', { cause })
  }
  if (length === 0n || length > BigInt(MAX_HEADER_BYTES))
    throw new CarError('CAR_FORMAT', `a CAR header of ${length} bytes is refused`)
  const next = from + Number(length)
  if (next > bytes.length) throw new CarError('CAR_TRUNCATED', 'the file ends inside the CAR header')
  const header = parseCarHeader(bytes.subarray(from, next))
  if (header.version !== 1) throw new CarError('CAR_FORMAT', 'only version 1 CAR files are read here')
  return { ...header, next }
}

/**
 * Reads a whole CARv1 that is in memory; every block is hashed. The blocks are views into `bytes`.
 * @throws CarError CAR_FORMAT, CAR_HASH naming the CID, CAR_TRUNCATED
 */
export function readCarBytes(bytes: Uint8Array): { readonly roots: CarHeader['roots']; readonly blocks: readonly Block[] } {
  const { roots, next } = readCarHeaderBytes(bytes)
  const payload = bytes.subarray(next)
  const { consumed, entries } = scanSections(payload, { verify: true, maxBlock: MAX_SECTION_BYTES }, next)
  if (consumed !== payload.length)
    throw new CarError('CAR_TRUNCATED', `the file ends inside a section that begins at byte ${next + consumed}`)
  const blocks: Block[] = []
  for (let i = 0; i < entries.length; i += 4) {
    const [cidAt, cidLength, dataAt, dataLength] = entries.subarray(i, i + 4) as unknown as [number, number, number, number]
    blocks.push({
      cid: cidFromBytes(payload.slice(cidAt, cidAt + cidLength)),
      data: payload.subarray(dataAt, dataAt + dataLength),
    })
  }
  return { roots, blocks }
}
