import { CborReader } from '../codec/cbor-reader.ts'
import { CborWriter } from '../codec/cbor-writer.ts'
import { type CID, cidFromBytes } from '../types/cid.ts'
import { malformed } from './errors.ts'

/** A child that is read when needed. */
export interface AmtLink {
  cid: CID | undefined
  node: AmtNode | undefined
  dirty: boolean
}

/** `items[i]` is the child or the value's CBOR at position `positions[i]`; which of the two follows from the height. */
export interface AmtNode {
  positions: number[]
  links: AmtLink[]
  values: Uint8Array[]
}

export interface AmtRoot {
  readonly height: number
  readonly count: bigint
  readonly node: AmtNode
}

export function emptyNode(): AmtNode {
  return { positions: [], links: [], values: [] }
}

/** Index among the set positions, or where it would have to be inserted as -1 - index. */
export function findPosition(node: AmtNode, position: number): number {
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

/** Highest root that 64-bit indices can need. */
function maxHeight(bitWidth: number): number {
  return Math.floor(64 / bitWidth)
}

function writeNode(w: CborWriter, node: AmtNode, bitWidth: number): void {
  const bitmap = new Uint8Array(((1 << bitWidth) + 7) >> 3)
  for (const p of node.positions) bitmap[p >> 3] = (bitmap[p >> 3] as number) | (1 << (p & 7))
  w.array(3)
  w.bytes(bitmap)
  w.array(node.links.length)
  for (const link of node.links) w.link((link.cid as CID).bytes)
  w.array(node.values.length)
  for (const value of node.values) w.raw(value)
}

export function encodeNode(node: AmtNode, bitWidth: number): Uint8Array {
  const w = new CborWriter(512)
  writeNode(w, node, bitWidth)
  return w.finish()
}

/** [bit width, height, count, node]; the old form leaves the width out, which is 3 there. */
export function encodeRoot(root: AmtRoot, bitWidth: number, legacy: boolean): Uint8Array {
  const w = new CborWriter(512)
  w.array(legacy ? 3 : 4)
  if (!legacy) w.int(bitWidth)
  w.int(root.height)
  w.int(root.count)
  writeNode(w, root.node, bitWidth)
  return w.finish()
}

function readNode(r: CborReader, bitWidth: number, height: number, isRoot: boolean): AmtNode {
  r.tuple(3, 'AMT node')
  const bitmap = r.bytes(32)
  const length = ((1 << bitWidth) + 7) >> 3
  if (bitmap.length !== length) r.fail(`the bit field has ${bitmap.length} bytes, not ${length}`)
  const positions: number[] = []
  for (let i = 0; i < length * 8; i++) if (((bitmap[i >> 3] as number) & (1 << (i & 7))) !== 0) positions.push(i)
  if ((positions[positions.length - 1] ?? 0) >= 1 << bitWidth) r.fail('a bit is beyond the width')
  const links: AmtLink[] = []
  const linkCount = r.array(1 << bitWidth)
  for (let i = 0; i < linkCount; i++) links.push({ cid: cidFromBytes(r.link().slice()), node: undefined, dirty: false })
  const values: Uint8Array[] = []
  const valueCount = r.array(1 << bitWidth)
  for (let i = 0; i < valueCount; i++) values.push(r.skip())
  if ((height === 0 ? valueCount : linkCount) !== positions.length) r.fail('the bit field does not match the items')
  if ((height === 0 ? linkCount : valueCount) !== 0) r.fail(height === 0 ? 'a leaf has links' : 'an inner node has values')
  if (positions.length === 0 && (!isRoot || height > 0)) r.fail('a node is empty')
  return { positions, links, values }
}

/** @throws ActorError STATE_MALFORMED */
export function decodeNode(data: Uint8Array, bitWidth: number, height: number): AmtNode {
  try {
    const r = new CborReader(data)
    const node = readNode(r, bitWidth, height, false)
    r.end()
    return node
  } catch (e) {
    return malformed(`an AMT node is malformed: ${(e as Error).message}`, e)
  }
}

/** @throws ActorError STATE_MALFORMED, also for a width that is not the one wanted */
export function decodeRoot(data: Uint8Array, bitWidth: number, legacy: boolean): AmtRoot {
  try {
    const r = new CborReader(data)
    r.tuple(legacy ? 3 : 4, 'AMT root')
    if (!legacy) {
      const width = r.safeInt()
      if (width !== bitWidth) r.fail(`the bit width is ${width}, not ${bitWidth}`)
    }
    const height = r.safeInt()
    if (height < 0 || height > maxHeight(bitWidth)) r.fail(`a height of ${height} is too large`)
    const count = r.uint()
    const node = readNode(r, bitWidth, height, true)
    r.end()
    return { height, count, node }
  } catch (e) {
    return malformed(`an AMT root is malformed: ${(e as Error).message}`, e)
  }
}
