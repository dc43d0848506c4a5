import { varintLength, writeVarint } from '../types/varint.ts'
import { type Block, multihashOf } from './blockstore.ts'
import type { CarBatch } from './car/car-reader.ts'
import type { RawLevel } from './raw-level.ts'

/** An index entry: number of the pack, offset and length of the data in it, 32 bits each, little endian. */
export const PLACE_BYTES = 12

export function encodePlace(pack: number, offset: number, length: number): Uint8Array {
  const place = new Uint8Array(PLACE_BYTES)
  writePlace(new DataView(place.buffer), 0, pack, offset, length)
  return place
}

function writePlace(view: DataView, at: number, pack: number, offset: number, length: number): void {
  view.setUint32(at, pack, true)
  view.setUint32(at + 4, offset, true)
  view.setUint32(at + 8, length, true)
}

/** The multihash of the section whose four numbers begin at `entry`: its key in the index. */
export function hashAt(batch: CarBatch, entry: number): Uint8Array {
  const { bytes, entries } = batch
  const at = entries[entry] as number
  const length = entries[entry + 1] as number
  // A CIDv1 with a one-byte codec, as nearly all are: one view instead of two.
  if (bytes[at] === 1 && (bytes[at + 1] as number) < 0x80) return bytes.subarray(at + 2, at + length)
  return multihashOf(bytes.subarray(at, at + length))
}

/** Enters the places of a batch that lies at `base` in a pack. */
export function putPlaces(
  index: RawLevel,
  batch: CarBatch,
  pack: number,
  base: number,
  shifts: Uint32Array | undefined,
  sync: boolean,
): Promise<void> {
  const { entries } = batch
  const count = entries.length / 4
  const places = new Uint8Array(count * PLACE_BYTES)
  const view = new DataView(places.buffer)
  for (let i = 0; i < count; i++) {
    const at = i * PLACE_BYTES
    const offset = base + (entries[i * 4 + 2] as number) - (shifts?.[i] ?? 0)
    writePlace(view, at, pack, offset, entries[i * 4 + 3] as number)
  }
  return index.rawPutAll(
    count,
    (i) => hashAt(batch, i * 4),
    (i) => places.subarray(i * PLACE_BYTES, (i + 1) * PLACE_BYTES),
    sync,
  )
}

/** Blocks as the sections of a CAR. */
export function sections(blocks: readonly Block[]): CarBatch {
  let total = 0
  for (const b of blocks) {
    const length = b.cid.bytes.length + b.data.length
    total += varintLength(BigInt(length)) + length
  }
  const bytes = Buffer.allocUnsafeSlow(total)
  const entries = new Uint32Array(blocks.length * 4)
  let at = 0
  blocks.forEach((b, i) => {
    const cid = b.cid.bytes
    at = writeVarint(bytes, at, BigInt(cid.length + b.data.length))
    bytes.set(cid, at)
    bytes.set(b.data, at + cid.length)
    entries.set([at, cid.length, at + cid.length, b.data.length], i * 4)
    at += cid.length + b.data.length
  })
  return { bytes, consumed: total, entries }
}
