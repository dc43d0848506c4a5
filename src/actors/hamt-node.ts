import { hash } from 'node:crypto'
import { CborReader } from '../codec/cbor-reader.ts'
import { CborWriter } from '../codec/cbor-writer.ts'
import { type CID, cidFromBytes } from '../types/cid.ts'
import { malformed } from './errors.ts'

/** Entries that stand together in one slot before the slot becomes a node of its own (go-hamt-ipld bucketSize). */
export const BUCKET_SIZE = 3

/** A key and the CBOR of its value. */
export interface Entry {
  readonly key: Uint8Array
  value: Uint8Array
}

/** One slot of a node: a bucket of entries, or a child that is read when needed. */
export type Slot = { readonly bucket: Entry[] } | { cid: CID | undefined; node: HamtNode | undefined; dirty: boolean }

/** The slots that are set, ascending by position. */
export interface HamtNode {
  positions: number[]
  slots: Slot[]
}

export function isBucket(slot: Slot): slot is { readonly bucket: Entry[] } {
  return 'bucket' in slot
}

export function sha256(key: Uint8Array): Uint8Array {
  return hash('sha256', key, 'buffer')
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b)
}

/** `width` bits of the hash from its top, at `depth`; undefined past the end. */
export function hashBits(digest: Uint8Array, depth: number, width: number): number | undefined {
  const from = depth * width
  if (from + width > digest.length * 8) return undefined
  // Two bytes hold any eight bits.
  const at = from >> 3
  const pair = ((digest[at] as number) << 8) | (digest[at + 1] ?? 0)
  return (pair >> (16 - (from & 7) - width)) & ((1 << width) - 1)
}

/** Index among the set slots, or where it would have to be inserted as -1 - index. */
export function findSlot(node: HamtNode, position: number): number {
  let lo = 0
  let hi = node.positions.length - 1
  while (lo <= hi) {
    const mid = (lo + hi) >> 1
    const p = node.positions[mid] as number
    if (p === position) return mid
    if (p < position) lo = mid + 1
    else hi = mid - 1
  }
  return -1 - lo
}

/**
 * The canonical bytes of a node: [bit field, slots]. The bit field is a big-endian number without leading zero bytes;
 * a slot is a link or a list of [key, value], in the old form a map of one entry "0" (link) or "1" (list).
 */
export function encodeNode(node: HamtNode, legacy: boolean): Uint8Array {
  const w = new CborWriter(512)
  w.array(2)
  const top = node.positions[node.positions.length - 1]
  const bits = new Uint8Array(top === undefined ? 0 : (top >> 3) + 1)
  for (const p of node.positions) {
    const at = bits.length - 1 - (p >> 3)
    bits[at] = (bits[at] as number) | (1 << (p & 7))
  }
  w.bytes(bits)
  w.array(node.slots.length)
  for (const slot of node.slots) {
    if (legacy) {
      w.map(1)
      w.text(isBucket(slot) ? '1' : '0')
    }
    if (isBucket(slot)) {
      w.array(slot.bucket.length)
      for (const e of slot.bucket) {
        w.array(2)
        w.bytes(e.key)
        w.raw(e.value)
      }
    } else w.link((slot.cid as CID).bytes)
  }
  return w.finish()
}

/**
 * Reads a node and checks that it is one that the reference implementations write: as many slots as bits, buckets of one to
 * three sorted entries, and no child that should have been folded into its parent.
 * @throws ActorError STATE_MALFORMED
 */
export function decodeNode(data: Uint8Array, bitWidth: number, legacy: boolean, isRoot: boolean): HamtNode {
  try {
    return readNode(new CborReader(data), bitWidth, legacy, isRoot)
  } catch (e) {
    return malformed(`a HAMT node is malformed: ${(e as Error).message}`, e)
  }
}

function readNode(r: CborReader, bitWidth: number, legacy: boolean, isRoot: boolean): HamtNode {
  r.tuple(2, 'HAMT node')
  const bits = r.bytes(32)
  if (bits[0] === 0) r.fail('the bit field has a leading zero byte')
  const positions: number[] = []
  for (let i = bits.length - 1; i >= 0; i--) {
    const b = bits[i] as number
    for (let j = 0; j < 8; j++) if ((b & (1 << j)) !== 0) positions.push((bits.length - 1 - i) * 8 + j)
  }
  const last = positions[positions.length - 1]
  if (last !== undefined && last >= 1 << bitWidth) r.fail(`bit ${last} is beyond a width of ${bitWidth}`)
  const n = r.array(1 << bitWidth)
  if (n !== positions.length) r.fail(`${positions.length} bits are set for ${n} slots`)
  const slots: Slot[] = []
  let entries = 0
  let children = 0
  for (let i = 0; i < n; i++) {
    const slot = readSlot(r, legacy)
    if (isBucket(slot)) entries += slot.bucket.length
    else children++
    slots.push(slot)
  }
  r.end()
  if (!isRoot && children === 0 && entries <= BUCKET_SIZE) r.fail('a child holds no more than a bucket does')
  return { positions, slots }
}

function readSlot(r: CborReader, legacy: boolean): Slot {
  let wantLink: boolean
  if (legacy) {
    if (r.map(1) !== 1) r.fail('a slot must be a map of one entry')
    const kind = r.text(1)
    if (kind !== '0' && kind !== '1') r.fail('a slot is neither a link nor a bucket')
    wantLink = kind === '0'
  } else wantLink = r.peekMajor() === 6
  if (wantLink) return { cid: cidFromBytes(r.link().slice()), node: undefined, dirty: false }
  const n = r.array(BUCKET_SIZE)
  if (n === 0) r.fail('a bucket is empty')
  const bucket: Entry[] = []
  for (let i = 0; i < n; i++) {
    r.tuple(2, 'HAMT entry')
    const key = r.bytes()
    const before = bucket[i - 1]
    if (before !== undefined && compareBytes(before.key, key) >= 0) r.fail('the keys of a bucket are not sorted')
    bucket.push({ key, value: r.skip() })
  }
  return { bucket }
}
